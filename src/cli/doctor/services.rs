//! Do this machine's calls reach the push services that devices are subscribed at?

use crate::app::doctor::{Finding, Patient, Report};
use crate::app::open;
use crate::app::work::courier;
use crate::base::error::Result;
use crate::domain::push::subscriptions::store::endpoints;
use crate::domain::push::subscriptions::target::{Target, place};
use crate::feature::House;
use crate::net::outside::Pusher;
use crate::net::{Body, Bounds, Call};
use std::time::Duration;

/// So many are called: devices of one kind share a service.
const MOST: i64 = 5;
/// How far a call goes: that there is an answer is enough.
const BOUNDS: Bounds = Bounds { connect: Duration::from_secs(3), whole: Duration::from_secs(5), read: 0 };
const NAME: &str = "push services";
const WHY: &str = "a wake-up is a call to the device's own push service, out of this machine";
const ADVICE: &str = "ask the host to let connections out to port 443; until then apps only poll";

/// Calls each, without a message; nothing where none is in use.
pub fn reached(patient: &Patient) -> Option<Report> {
    patient.loaded.as_ref().ok().filter(|loaded| loaded.settings.push.sender().is_some())?;
    let finding = match in_use() {
        Ok((house, used)) if !used.is_empty() => called(&house, &used),
        // What keeps them from being read is another check's to tell.
        _ => return None,
    };
    Some(Report { name: NAME, why: WHY, finding })
}

/// The origins of endpoints in use.
fn in_use() -> Result<(House, Vec<String>)> {
    let house = open::house()?;
    let sealed = endpoints(&mut open::connect(&house.settings)?, MOST)?;
    let opened = sealed.iter().filter_map(|sealed| Target::open(&house, sealed));
    let used = opened.filter_map(|target| place(&target.endpoint).map(|place| format!("https://{}:{}/", place.host, place.port)));
    let used = used.collect();
    Ok((house, used))
}

fn called(house: &House, used: &[String]) -> Finding {
    let push = &house.settings.push;
    let pusher = match Pusher::new(courier::NAME, &push.private, push.ca.as_deref()) {
        Ok(pusher) => pusher,
        Err(why) => return Finding::problem(format!("push.ca: {why}"), "correct push.ca, or take it away"),
    };
    let call = |url: &String| {
        let call = Call { method: "GET", url, fields: &[], body: Body::Nothing, bounds: BOUNDS };
        pusher.send(&call).err().map(|failure| format!("{url}: {failure}"))
    };
    let failed: Vec<String> = used.iter().filter_map(call).collect();
    if failed.is_empty() {
        return Finding::ok(format!("{} answer", used.join(", ")));
    }
    Finding::problem(format!("no way out to {}", failed.join("; ")), ADVICE)
}

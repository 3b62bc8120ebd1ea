//! Making, proving and ending subscriptions, whichever face asks.

use super::fields;
use super::rules::{MOST, MOST_CODES, MOST_WRONG, Preferences, Progress, State, Subscription, TEST_EVERY, VERIFICATIONS};
use super::store;
use super::target::{self, Target};
use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::id;
use crate::base::text::Message;
use crate::base::time::Timestamp;
use crate::domain::push::{key, texts};
use crate::feature::ctx::found;
use crate::feature::sessions::{self, device};
use crate::feature::{Ctx, Rate, Wishes};
use crate::http::input::Input;
use sha2::{Digest, Sha256};

/// The caller's subscriptions that have not ended.
pub fn own(ctx: &mut Ctx<'_>) -> Result<Vec<Subscription>> {
    let (user, now) = (ctx.user()?, ctx.now);
    Ok(store::own(ctx.db, user)?.into_iter().filter(|s| s.is_live(now)).collect())
}

/// One of them.
///
/// # Errors
/// [`Refused::NotFound`] where it is nobody's or another's.
pub fn one(ctx: &mut Ctx<'_>, id: &str) -> Result<Subscription> {
    found(own(ctx)?.into_iter().find(|s| s.id == id))
}

/// What the caller's device wants to hear of, by its subscription.
pub fn wishes(ctx: &mut Ctx<'_>) -> Result<Wishes> {
    let Some(device) = ctx.device().map(str::to_owned) else { return Ok(Wishes::default()) };
    let own = own(ctx)?.into_iter().find(|s| s.device == device);
    Ok(own.map_or_else(Wishes::default, |s| {
        let Preferences { domains, priority, saver, .. } = s.preferences;
        Wishes { domains, priority, saver }
    }))
}

/// The same, locked until the transaction ends.
fn locked(ctx: &mut Ctx<'_>, id: &str) -> Result<Subscription> {
    let s = one(ctx, id)?;
    found(store::locked(ctx.db, s.user, &s.device)?.filter(|now| now.id == s.id))
}

/// Subscribes a device, or renews its subscription; answers it, and whether it had none.
///
/// # Errors
/// When what was sent is not sound, the session is on another device, or there are too many.
pub fn subscribe(ctx: &mut Ctx<'_>, mut input: Input) -> Result<(Subscription, bool)> {
    let target = fields::target(&mut input, ctx.house);
    let mut preferences = Preferences::default();
    fields::take(&mut input, &mut preferences, ctx.house);
    let expires_at = fields::expires(&mut input, ctx.now);
    input.finish()?;
    if target.is_some() {
        require_key(ctx)?;
    }
    let device = input.text(device::ID.name).unwrap_or_default().to_owned();
    take_device(ctx, &device)?;
    let all = own(ctx)?;
    let (user, now) = (ctx.user()?, ctx.now);
    let old = store::locked(ctx.db, user, &device)?.filter(|s| s.is_live(now));
    if old.is_none() {
        make_room(ctx, &all)?;
    }
    let is_new = old.is_none();
    let is_same = |old: &Subscription| old.endpoint.is_some() == target.is_some() && Target::of(ctx.house, old) == target;
    let same = old.filter(is_same);
    let mut s = same.map_or_else(|| begun(ctx, &device, target.as_ref()), Ok)?;
    (s.preferences, s.expires_at) = (preferences, expires_at);
    if s.endpoint.is_some() && s.state != State::Active {
        challenge(ctx, &mut s)?;
    }
    store::put(ctx.db, &s)?;
    Ok((s, is_new))
}

/// Refuses while this server wakes nobody.
fn require_key(ctx: &mut Ctx<'_>) -> Result<()> {
    let can = ctx.house.settings.push.sender().is_some() && key::made(ctx.db, &ctx.house.secret)?.good().is_some();
    if can { Ok(()) } else { refuse(Refused::PushUnavailable, &texts::UNAVAILABLE) }
}

/// The calling session is on this device; one that is on none is from now on.
fn take_device(ctx: &mut Ctx<'_>, device: &str) -> Result<()> {
    if ctx.device().is_none() {
        if !device::is_id(device) {
            return Err(Refusal::field(device::ID.name, Message::plain(&texts::DEVICE_ID)).into());
        }
        sessions::adopt(ctx, device)?;
    }
    match ctx.device() {
        Some(own) if own == device => Ok(()),
        Some(_) => refuse(Refused::DeviceMismatch, &texts::OTHER_DEVICE),
        None => {
            sessions::require_room(ctx)?;
            refuse(Refused::DeviceUnknown, &texts::NO_DEVICE)
        }
    }
}

/// Is there room for one more? One that its push service forgot gives way.
fn make_room(ctx: &mut Ctx<'_>, all: &[Subscription]) -> Result<()> {
    if all.len() < MOST {
        return Ok(());
    }
    match all.iter().find(|s| s.state == State::Gone) {
        Some(gone) => store::delete(ctx.db, gone.user, &gone.device),
        None => Err(Refusal::with(Refused::TooManySubscriptions, Message::with(&texts::TOO_MANY, &[&MOST])).into()),
    }
}

/// A subscription of which nothing is known yet but where it wakes its device.
fn begun(ctx: &Ctx<'_>, device: &str, target: Option<&Target>) -> Result<Subscription> {
    let (user, now, house) = (ctx.user()?, ctx.now, ctx.house);
    let state = if target.is_some() { State::Pending } else { State::Active };
    Ok(Subscription {
        user,
        device: device.to_owned(),
        id: id::object(),
        sealed: target.map(|target| target.seal(house)).transpose()?,
        endpoint: target.map(|target| target.hash_for(house, user, device)),
        host: target.map_or(0, |target| target.host_hash(house)),
        preferences: Preferences::default(),
        created_at: now,
        expires_at: now,
        state,
        state_at: now,
        verified_at: None,
        codes: 0,
        code_sent: false,
        wrong: 0,
        progress: Progress::default(),
        test: false,
        test_at: Timestamp::default(),
        sent: 0,
        failed: 0,
        last_status: None,
        last_sent_at: None,
    })
}

/// Has a code sent to a subscription that is to be verified: the first, or another one. One that waits is sent as it is, and beyond the
/// last one nothing is.
fn challenge(ctx: &mut Ctx<'_>, s: &mut Subscription) -> Result<()> {
    let target = found(Target::of(ctx.house, s))?;
    if s.state != State::Pending {
        // It was awake once, and belongs to this device alone until it is so again.
        s.endpoint = Some(target.hash_for(ctx.house, s.user, &s.device));
        (s.state, s.state_at, s.codes) = (State::Pending, ctx.now, 0);
    }
    let waits = s.codes > 0 && !s.code_sent && s.wrong < MOST_WRONG;
    if waits || s.codes >= MOST_CODES {
        return Ok(());
    }
    let (count, window) = VERIFICATIONS;
    let limit = [(ctx.bucket_of("push codes", &ctx.user()?.to_string()), Some(Rate { count, window }))];
    ctx.check_attempts(&limit)?;
    ctx.count_attempt(&limit)?;
    (s.codes, s.code_sent, s.wrong) = (s.codes + 1, false, 0);
    (s.progress.due_at, s.progress.tries) = (Some(ctx.now), 0);
    ctx.soon(ctx.now);
    Ok(())
}

/// What became of a code.
#[derive(Debug)]
pub enum Proof {
    /// The subscription is awake.
    Good(Box<Subscription>),
    /// It is not the code, or not any more; that it was guessed is to be kept.
    Wrong(Refusal),
}

/// Verifies a subscription by the code that its device was sent. Its endpoint is its alone from now on: what was proved before by
/// another device ends.
pub fn verify(ctx: &mut Ctx<'_>, id: &str, code: &str) -> Result<Proof> {
    let mut s = locked(ctx, id)?;
    if s.is_awake() {
        return Ok(Proof::Good(Box::new(s)));
    }
    let fits = s.state == State::Pending && s.wrong < MOST_WRONG && same(&target::code(ctx.house, &s), code);
    let Some(target) = Target::of(ctx.house, &s).filter(|_| fits) else {
        s.wrong = (s.wrong + 1).min(MOST_WRONG);
        store::put(ctx.db, &s)?;
        return Ok(Proof::Wrong(Refusal::field(fields::CODE[0].name, Message::plain(&texts::WRONG_CODE))));
    };
    let proved = target.hash(ctx.house);
    if let Some(other) = store::of_endpoint(ctx.db, &proved)? {
        store::delete(ctx.db, other.user, &other.device)?;
    }
    let (told_in, clock) = ctx.tenant().map_or((0, Timestamp::default()), |tenant| (tenant.id, tenant.clock));
    s.endpoint = Some(proved);
    (s.state, s.state_at, s.verified_at) = (State::Active, ctx.now, Some(ctx.now));
    s.progress = Progress { told_in, told: clock, looked: clock, ..Progress::default() };
    store::put(ctx.db, &s)?;
    Ok(Proof::Good(Box::new(s)))
}

/// Are two texts alike? Takes as long whichever differs where.
fn same(one: &str, other: &str) -> bool {
    Sha256::digest(one) == Sha256::digest(other)
}

/// Changes the preferences of a subscription.
pub fn change(ctx: &mut Ctx<'_>, id: &str, mut input: Input) -> Result<Subscription> {
    let mut s = locked(ctx, id)?;
    fields::take(&mut input, &mut s.preferences, ctx.house);
    if input.value("expires_at").is_some() {
        s.expires_at = fields::expires(&mut input, ctx.now);
    }
    input.finish()?;
    // What passes now may have been there before.
    s.progress.looked = s.progress.told;
    store::put(ctx.db, &s)?;
    if s.is_awake() {
        ctx.soon(ctx.now);
    }
    Ok(s)
}

/// Ends a subscription of the caller's.
pub fn end(ctx: &mut Ctx<'_>, id: &str) -> Result<()> {
    let s = one(ctx, id)?;
    store::delete(ctx.db, s.user, &s.device)
}

/// Has a wake-up sent that its user asked for.
///
/// # Errors
/// When the subscription is not awake; when one was asked for a moment ago.
pub fn test(ctx: &mut Ctx<'_>, id: &str) -> Result<()> {
    let s = locked(ctx, id)?;
    if !s.is_awake() {
        return refuse(Refused::SubscriptionInactive, &texts::INACTIVE);
    }
    let wait = s.test_at.plus(TEST_EVERY).0 - ctx.now.0;
    if (1..=TEST_EVERY).contains(&wait) {
        return Err(Error::from(Refusal::too_many(wait)));
    }
    store::put(ctx.db, &s.tested(ctx.now))?;
    ctx.soon(ctx.now);
    Ok(())
}

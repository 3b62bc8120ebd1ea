//! The routes of advice and of marks.

use super::ask::advice::{Advice, Level, RATES, Recommendation};
use super::ask::asked::{self, Asker, Record};
use super::ask::{Answered, Asking};
use super::marks::mark::{Edits, LASTS, MOST, MOST_OF_USER, Mark, RENEW_AFTER, Told, beyond};
use super::marks::{self, called, store};
use super::texts;
use crate::base::error::{Refusal, Refused, Result};
use crate::base::time::Timestamp;
use crate::base::{id, json};
use crate::feature::sessions::{self, store as devices};
use crate::feature::{Bucket, Ctx};
use crate::http::input::{Extent, Input};
use crate::http::paging::{After, Page};
use crate::http::{Response, body, etag};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// A mark that was begun or renewed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EditMark")]
pub struct Begun {
    /// Since when it holds: with the user it tells this device's mark from others that the feed tells of.
    pub since: Timestamp,
    /// When it ends by itself, by the clock of the answer's `Date`.
    pub until: Timestamp,
    /// After how many seconds it is best renewed.
    pub renew_after: u32,
    /// What is best.
    pub advice: Advice,
}

/// What was asked about records.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RiskAnswer")]
pub struct Answer {
    /// The model that speaks where facts are silent; null where there is none.
    pub model: Option<String>,
    /// The answers, in the order asked.
    pub results: Vec<Advice>,
}

/// The answer of the earlier API.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConflictPrediction")]
pub struct Prediction {
    /// How likely an edit is to meet another's.
    pub probability: f64,
    /// low, medium or high.
    pub risk_level: &'static str,
    /// `sync_now`, `wait` or `merge_first`.
    pub recommendation: &'static str,
    /// What the probability rests on: a model, `rates`, or `facts` alone.
    pub model_version: String,
    /// What the probability rests on most, by the names of advice's reasons: none where a fact alone decides (the device is behind, or the
    /// server does not know the record), and where it is the usual rate of all records.
    pub features_used: Vec<&'static str>,
    /// When it was asked.
    pub predicted_at: Timestamp,
}

/// PUT `/sync/edits/{kind}/{id}/`
pub fn begin(ctx: &mut Ctx<'_>) -> Result<Response> {
    let sent = body::object(ctx.request)?;
    let mut input = Input::at(&sent, asked::MARK, Extent::Whole, ctx.earlier());
    let kind = asked::kind(ctx, ctx.request.segment(0))?;
    input.finish()?;
    let no_id = || Refusal::new(Refused::NotFound, &texts::NOT_UUID);
    let id = id::parse(ctx.request.segment(1)).ok_or_else(no_id)?;
    let record = Record::read(kind, &id, &sent, ctx.earlier())?;
    let asker = Asker::named(ctx, &sent)?;
    Ok(etag::tagged(Response::json(200, &mark(ctx, asker, &record)?)))
}

/// DELETE `/sync/edits/{kind}/{id}/`
pub fn end(ctx: &mut Ctx<'_>) -> Result<Response> {
    let kind = asked::kind(ctx, ctx.request.segment(0))?;
    let query =
        Map::from_iter(ctx.request.query.get(asked::DEVICE.name).map(|name| (asked::DEVICE.name.to_owned(), name.into())));
    let asker = Asker::named(ctx, &query)?;
    unmark(ctx, &asker, called(kind), &id::parse(ctx.request.segment(1)).unwrap_or_default())?;
    Ok(Response::empty(204))
}

/// GET `/sync/edits/`: the records that others or oneself edit, by their ids.
pub fn list(ctx: &mut Ctx<'_>) -> Result<Response> {
    let wanted = ctx.request.query.get("kind").filter(|word| !word.is_empty());
    let wanted = wanted.map(|word| asked::kind(ctx, &word).map(called)).transpose()?;
    let (tenant, user) = (ctx.tenant_id()?, ctx.user()?);
    let mut marks = store::live(ctx.db, tenant)?;
    marks.retain(|_| ctx.house.settings.risk_marks);
    let own: Vec<_> = marks.iter().filter(|mark| mark.user == user).map(|mark| mark.name.clone()).collect();
    let mut names = std::collections::HashMap::new();
    for id in own {
        if let Some(device) = devices::find(ctx.db, user, &id)? {
            names.insert(id, device.name);
        }
    }
    let name = |mark: &Mark| if mark.user == user { names.get(&mark.name).cloned() } else { None };
    let mut edits = marks::edits(&marks, ctx.now, name);
    edits.retain(|edits| !edits.editors.is_empty() && wanted.is_none_or(|kind| kind == edits.kind));
    let page = Page::of(ctx.request, i64::try_from(edits.len()).unwrap_or(i64::MAX))?;
    let after = page.after.key(Default::default(), |parts| match parts {
        [id, kind @ ..] => Some((id::parse(id)?, After::whole(kind))),
        [] => None,
    })?;
    let rows: Vec<Edits> = page.span().of(edits.into_iter().filter(|edits| (&edits.id, &edits.kind) > (&after.0, &after.1)));
    Ok(page.answer(ctx.request, rows))
}

/// POST `/sync/risk/`
pub fn risk(ctx: &mut Ctx<'_>) -> Result<Response> {
    let body = body::object(ctx.request)?;
    let (model, results) = results(ctx, &body)?;
    Ok(Response::json(200, &Answer { model, results }))
}

/// The model that speaks, if there is one, and what was asked about records, in the order asked.
pub fn results(ctx: &mut Ctx<'_>, body: &Map<String, Value>) -> Result<(Option<String>, Vec<Advice>)> {
    let (asker, records) = asked::question(ctx, body)?;
    let asking = Asking::of(ctx, asker)?;
    let results = records.iter().map(|record| asking.ask(ctx, record).map(|answered| answered.advice));
    let results = results.collect::<Result<_>>()?;
    Ok((asking.active.map(|active| active.id), results))
}

/// POST `/predict/conflict/`
pub fn predict(ctx: &mut Ctx<'_>) -> Result<Response> {
    let body = body::object(ctx.request)?;
    let (asker, record) = asked::prediction(ctx, &body)?;
    let asking = Asking::of(ctx, asker)?;
    let answered = record.map(|record| asking.ask(ctx, &record)).transpose()?;
    Ok(Response::json(200, &prediction(answered.as_ref(), asking.usual(), ctx.now)))
}

/// The answer of the earlier API, which always has a number. Where nothing was predicted, a model is held back or the kind has none, that
/// is how often edits met others, under the name of that rule.
fn prediction(answered: Option<&Answered>, usual: f64, now: Timestamp) -> Prediction {
    let go_on = Recommendation::GoOn.word();
    let advice = answered.map(|answered| &answered.advice);
    let told = advice.and_then(|advice| advice.probability.map(|probability| (advice, probability)));
    let rate = answered.map_or(usual, |answered| answered.rate);
    let by_rate = || (rate, Level::of(rate, None).word(), RATES.to_owned());
    let (probability, risk_level, model_version) =
        told.map_or_else(by_rate, |(advice, probability)| (probability, advice.risk_level, advice.model_version.clone()));
    let recommendation = advice.map_or(go_on, |advice| advice.recommendation);
    Prediction {
        probability,
        risk_level,
        recommendation: if recommendation == go_on { Recommendation::SyncNow.word() } else { recommendation },
        features_used: answered.map_or_else(Vec::new, used),
        model_version,
        predicted_at: now,
    }
}

/// What the number of an answer rests on: the reasons of a model, or the record's rate; nothing where a fact alone decided, and where
/// nothing was known of the record, so that the number is the tenant's.
fn used(answered: &Answered) -> Vec<&'static str> {
    let Answered { advice, row, .. } = answered;
    let is_rate = advice.probability.is_none() || advice.model_version == RATES;
    match row {
        _ if advice.facts.behind || advice.facts.unknown => Vec::new(),
        Some(_) if is_rate => vec![RATE],
        _ => advice.reasons.iter().map(|reason| reason.feature).collect(),
    }
}

/// The column that rates are.
const RATE: &str = "record_met";

/// Begins or renews a mark; the advice is of the instant before it.
pub fn mark(ctx: &mut Ctx<'_>, asker: Asker, record: &Record) -> Result<Begun> {
    sessions::require_own(ctx, &asker.name)?;
    let asking = Asking::of(ctx, asker)?;
    let answered = asking.ask(ctx, record)?;
    let (tenant, now, kind) = (ctx.tenant_id()?, ctx.now, record.called());
    let quiet = record.quiet || !ctx.house.settings.risk_marks;
    let until = now.plus(LASTS);
    let own: Vec<&Mark> = asking.live.iter().filter(|mark| mark.is_of(asking.asker.user, asking.asker.device)).collect();
    let known = own.iter().copied().find(|mark| mark.is_on(kind, &record.id) && mark.is_live(now));
    // One that is shown from now on, or no longer, is another one: what was told while it was not stays true of it.
    let (known, other) =
        known.map_or((None, None), |mark| if mark.quiet == quiet { (Some(mark), None) } else { (None, Some(mark)) });
    let (told, since) = match known {
        Some(known) => {
            let is_told = known.is_moved_by_renewal(now);
            let moved_at = if is_told { now } else { known.moved_at };
            let fields = record.fields.clone();
            store::renew(ctx.db, tenant, &Mark { until, moved_at, quiet, fields, ..known.clone() })?;
            (is_told, known.began_at)
        }
        None => {
            make_room(ctx, tenant, &asking, other)?;
            let Asker { user, device, name, .. } = asking.asker.clone();
            let fields = record.fields.clone();
            let (kind, id) = (kind.to_owned(), record.id.clone());
            let mark = Mark { kind, id, user, device, began_at: now, name, until, moved_at: now, quiet, fields };
            store::insert(ctx.db, tenant, &mark, record.cursor, &remembered(&asking, &answered)?)?;
            (!quiet, now)
        }
    };
    if told {
        marks::tell(ctx, tenant, kind, &record.id)?;
    }
    ctx.stand_still()?;
    Ok(Begun { since, until, renew_after: RENEW_AFTER, advice: answered.advice })
}

/// What is remembered of what a mark was told.
fn remembered(asking: &Asking, answered: &Answered) -> Result<String> {
    let Advice { probability, facts, .. } = &answered.advice;
    json::write(&Told {
        model: asking.version(),
        probability: answered.model.map(|(says, _)| says).or(*probability),
        behind: facts.behind,
        row: answered.row,
        held: answered.model.map(|(_, is_held)| is_held),
    })
}

/// Makes room for another mark of a device: those of its user end that have ended by the clock, the one whose place it takes, and the oldest of
/// too many.
fn make_room(ctx: &mut Ctx<'_>, tenant: i64, asking: &Asking, before: Option<&Mark>) -> Result<()> {
    let buckets: [Bucket; 1] = [(ctx.bucket_of("edits", &ctx.user()?.to_string()), ctx.house.settings.limit_edits)];
    ctx.check_attempts(&buckets)?;
    ctx.count_attempt(&buckets)?;
    let (user, device) = (asking.asker.user, asking.asker.device);
    let own = asking.live.iter().filter(|mark| mark.user == user);
    let (live, lapsed): (Vec<&Mark>, Vec<&Mark>) =
        own.partition(|mark| mark.is_live(ctx.now) && !before.is_some_and(|before| std::ptr::eq(before, *mark)));
    let of_device = beyond(live.iter().copied().filter(|mark| mark.device == device).collect(), MOST);
    let rest = live.into_iter().filter(|mark| !of_device.contains(mark)).collect();
    let of_user = beyond(rest, MOST_OF_USER);
    lapsed.into_iter().chain(of_device.clone()).chain(of_user).try_for_each(|mark| marks::end(ctx, tenant, mark))
}

/// Ends a device's mark of a record, if there is one.
pub fn unmark(ctx: &mut Ctx<'_>, asker: &Asker, kind: &str, id: &str) -> Result<()> {
    let tenant = ctx.tenant_id()?;
    let own =
        store::of_id(ctx.db, tenant, id)?.into_iter().filter(|mark| mark.is_on(kind, id) && mark.is_of(asker.user, asker.device));
    own.collect::<Vec<_>>().iter().try_for_each(|mark| marks::end(ctx, tenant, mark))?;
    ctx.stand_still()
}

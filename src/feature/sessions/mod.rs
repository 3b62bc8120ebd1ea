//! Who is signed in where: devices, each its user's, the sessions on them, and how a session ends.
//!
//! A device is (user, device_id): equal ids of two users never meet. Accounts sign in, devices are managed and uploads name them
//! in three nouns, so what they share stands here. An ended session is in a table of its own and in no other, so that whoever looks
//! for a live one, a program of before too, finds none.

pub mod device;
pub mod seen;
pub mod store;
mod texts;

use super::lifecycle::clients::{Client, LONGEST, UNKNOWN};
use super::{Caller, Ctx, News, rhythm};
use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::word;
use device::{Device, Sent, State, is_id};

/// The most active devices of a user: more than anybody has, and few enough to look at each.
pub const MOST_DEVICES: i64 = 50;
/// From which version of the API on an upload must name its session's device.
const NAMED_SINCE: u8 = 2;

/// Why a session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Its own device signed out, or its user everywhere.
    SignedOut,
    /// The password was changed or reset.
    Password,
    /// Its user ended it from another session.
    Ended,
    /// Its device was revoked or is to be wiped.
    Revoked,
    /// A refresh token came twice: somebody else holds it.
    Reused,
    /// Its user signed in too often elsewhere.
    Crowded,
    /// The operator shut the account out.
    Operator,
    /// It was not used for too long.
    Expired,
}

impl Reason {
    /// Every reason with its word in the store.
    pub const ALL: [(Reason, &str); 8] = [
        (Reason::SignedOut, "signed_out"),
        (Reason::Password, "password"),
        (Reason::Ended, "ended"),
        (Reason::Revoked, "revoked"),
        (Reason::Reused, "reused"),
        (Reason::Crowded, "crowded"),
        (Reason::Operator, "operator"),
        (Reason::Expired, "expired"),
    ];

    /// Its word in the store.
    pub fn word(self) -> &'static str {
        word::of(&Reason::ALL, &self)
    }

    /// Did somebody end it on purpose, so that its device is told so?
    const fn is_revocation(self) -> bool {
        matches!(self, Reason::Ended | Reason::Revoked)
    }
}

impl Ctx<'_> {
    /// The device of the calling session; admission has read it.
    pub fn device(&self) -> Option<&str> {
        self.admitted().map(|caller| caller.device.as_str()).filter(|device| !device.is_empty())
    }

    /// What the request's app calls itself: kept with its session.
    pub fn client(&self) -> String {
        let client = Client::of_request(self.request);
        let name = if client.name == UNKNOWN { "" } else { client.name };
        let whole = client.version.map_or_else(|| name.to_owned(), |version| format!("{name}/{version}"));
        whole.chars().take(2 * LONGEST + 1).collect()
    }
}

/// How a registration ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// The user has a device more.
    New(Device),
    /// It was known.
    Known(Device),
    /// The user has as many as there may be.
    Full,
}

/// Registers a user's device, or writes what is new of it, and binds a session to it.
///
/// # Errors
/// When the device is to be wiped first.
pub fn register(ctx: &mut Ctx<'_>, user: i64, session: &str, sent: &Sent) -> Result<Registered> {
    let known = store::locked(ctx.db, user, &sent.id)?;
    if known.as_ref().is_some_and(|device| device.state == State::WipePending) {
        return Err(Refusal::new(Refused::DeviceWiping, &texts::DEVICE_WIPING).and("wipe", true).into());
    }
    let active = known.as_ref().is_some_and(|device| device.state == State::Active);
    if !active && store::active(ctx.db, user)? >= MOST_DEVICES {
        return Ok(Registered::Full);
    }
    let registered = if known.is_some() { Registered::Known } else { Registered::New };
    let mut device = known.unwrap_or_else(|| Device::new(&sent.id, ctx.now));
    device.take(&sent.details);
    device.enter(State::Active, ctx.now);
    device.seen_at = ctx.now;
    store::put(ctx.db, user, &device)?;
    store::bind(ctx.db, session, &sent.id)?;
    rhythm::store::end_left(ctx.db, user)?;
    Ok(registered(device))
}

/// Binds a new session to the device that its sign-in names, and answers which it is on. Signing in succeeds though there are too
/// many devices: on none.
///
/// # Errors
/// When the device is to be wiped first.
pub fn sign_in(ctx: &mut Ctx<'_>, user: i64, session: &str, sent: Option<&Sent>) -> Result<String> {
    let registered = sent.map(|sent| register(ctx, user, session, sent)).transpose()?;
    Ok(match registered {
        Some(Registered::New(device) | Registered::Known(device)) => device.device_id,
        Some(Registered::Full) | None => String::new(),
    })
}

/// Tells a user's other devices that a session was ended from elsewhere, if there are any.
///
/// # Errors
/// The database's.
pub fn tell_ended(ctx: &mut Ctx<'_>, user: i64) -> Result<()> {
    let own = ctx.admitted().is_some_and(|caller| caller.user == user);
    let others = store::number_live(ctx.db, user, ctx.now)? > i64::from(own);
    if others { ctx.tell(&News::SessionEnded { user }) } else { Ok(()) }
}

/// Refuses an upload that names another device than its session's, from version 2 on.
///
/// # Errors
/// [`Refused::DeviceUnknown`], [`Refused::DeviceMismatch`].
pub fn require_device(ctx: &mut Ctx<'_>, named: &str) -> Result<()> {
    if ctx.request.version.number < NAMED_SINCE || ctx.device() == Some(named) {
        return Ok(());
    }
    match store::find(ctx.db, ctx.user()?, named)? {
        Some(device) if device.state == State::Active => refuse(Refused::DeviceMismatch, &texts::DEVICE_MISMATCH),
        _ => refuse(Refused::DeviceUnknown, &texts::DEVICE_UNKNOWN),
    }
}

/// Refuses a mark of an edit on a device that is none of the caller's: from version 2 on it is the session's, and before that it is none
/// that was signed out for good.
///
/// # Errors
/// As [`require_device`].
pub fn require_own(ctx: &mut Ctx<'_>, named: &str) -> Result<()> {
    require_device(ctx, named)?;
    if ctx.device() == Some(named) {
        return Ok(());
    }
    match store::find(ctx.db, ctx.user()?, named)? {
        Some(device) if device.state != State::Active => refuse(Refused::DeviceUnknown, &texts::DEVICE_UNKNOWN),
        _ => Ok(()),
    }
}

/// An upload of version 1 named a device: one that nobody knows is registered as `other`, and a session without a device is on it.
pub fn adopt(ctx: &mut Ctx<'_>, named: &str) -> Result<()> {
    if ctx.device() == Some(named) || !is_id(named) {
        return Ok(());
    }
    let user = ctx.user()?;
    match store::locked(ctx.db, user, named)? {
        Some(device) if device.state != State::Active => return Ok(()),
        Some(_) => {}
        None if store::active(ctx.db, user)? >= MOST_DEVICES => return Ok(()),
        None => store::put(ctx.db, user, &Device::new(named, ctx.now))?,
    }
    if ctx.device().is_none() {
        let caller = Caller { device: named.to_owned(), ..ctx.caller()?.clone() };
        store::bind(ctx.db, &caller.session, named)?;
        ctx.admit(caller);
    }
    Ok(())
}

/// Why a user gets no other device, if that is so.
///
/// # Errors
/// The refusal; the database's.
pub fn require_room(ctx: &mut Ctx<'_>) -> Result<()> {
    let user = ctx.user()?;
    if store::active(ctx.db, user)? < MOST_DEVICES { Ok(()) } else { Err(full(ctx, user)?) }
}

/// The refusal of one device more than a user may have; it names the one that they have used least lately.
///
/// # Errors
/// The database's.
pub fn full(ctx: &mut Ctx<'_>, user: i64) -> Result<Error> {
    let refusal = Refusal::new(Refused::TooManyDevices, &texts::TOO_MANY_DEVICES);
    let stalest = store::stalest(ctx.db, user)?.map(|device| device.device_id);
    Ok(refusal.and("least_recently_seen", stalest).into())
}

/// Ends a device's sessions. It is revoked, or to be wiped as soon as it asks; one that is to be wiped, or was, stays so.
/// The user's other devices are told, unless it is the caller's own.
pub fn revoke(ctx: &mut Ctx<'_>, user: i64, mut device: Device, state: State) -> Result<Device> {
    let ended = store::end_device(ctx.db, user, &device.device_id, ctx.now)?;
    let goes_on = match device.state {
        State::Active => true,
        State::Revoked => state == State::WipePending,
        State::WipePending | State::Wiped => false,
    };
    if goes_on {
        device.enter(state, ctx.now);
        store::put(ctx.db, user, &device)?;
    }
    ctx.tell(&News::SignedOut { user })?;
    let own = ctx.admitted().is_some_and(|caller| (caller.user, &caller.device) == (user, &device.device_id));
    if ended > 0 && !own {
        tell_ended(ctx, user)?;
    }
    Ok(device)
}

/// Ends the wish that a device be wiped: it stays signed out.
pub fn unwish(ctx: &mut Ctx<'_>, user: i64, mut device: Device) -> Result<Device> {
    if device.state == State::WipePending {
        device.enter(State::Revoked, ctx.now);
        store::put(ctx.db, user, &device)?;
    }
    Ok(device)
}

/// A device says that it has deleted what it held, by an ended session; answers whether it was asked to. It may say so again.
pub fn wiped(ctx: &mut Ctx<'_>, session: &str, user: i64) -> Result<bool> {
    let Some(revoked) = revocation(ctx, session, user)? else { return Ok(false) };
    let Some(mut device) = store::locked(ctx.db, user, &revoked.device)? else { return Ok(false) };
    if device.state == State::WipePending {
        device.enter(State::Wiped, ctx.now);
        store::put(ctx.db, user, &device)?;
    }
    Ok(device.state == State::Wiped)
}

/// What a refresh token of an ended session is told, if its device was revoked. `None`: the token is not valid, no more.
pub fn revocation(ctx: &mut Ctx<'_>, session: &str, user: i64) -> Result<Option<Revoked>> {
    let Some(ended) = store::ended(ctx.db, session)?.filter(|ended| ended.user == user) else { return Ok(None) };
    let is_revoked =
        ended.reason.is_revocation() || matches!(ended.state, Some(State::Revoked | State::WipePending | State::Wiped));
    Ok(is_revoked.then_some(Revoked { device: ended.device, state: ended.state }))
}

/// An ended session whose device is told so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The device, empty where the session had none.
    pub device: String,
    /// How it stands.
    pub state: Option<State>,
}

impl Revoked {
    /// Shall the device delete what it holds of the account?
    pub fn wipe(&self) -> bool {
        self.state == Some(State::WipePending)
    }

    /// The answer to its refresh token.
    pub fn refusal(&self) -> Refusal {
        let text = if self.wipe() { &texts::DEVICE_TO_WIPE } else { &texts::DEVICE_REVOKED };
        Refusal::new(Refused::Unauthenticated("device_revoked"), text).and("wipe", self.wipe())
    }
}

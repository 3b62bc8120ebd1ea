//! Which channels a connection hears: those of its user, session and device, and of what happens in their couple or team and on their
//! other devices as far as their device wants to hear of it.

use crate::base::error::Result;
use crate::feature::signals::{Channel, Part, store};
use crate::feature::{Caller, Ctx, Priority, Wishes};
use std::collections::BTreeSet;

/// The most kinds that are chosen one by one: an engine allows a connection 20 channels.
pub const MOST_KINDS: usize = 16;
/// The most of them where what the user's other devices do is told besides, which takes as many channels again. It is told as what
/// happens in the couple or team, too.
const MOST_DOUBLED: usize = 8;
/// Seconds after which a silent connection is sent something: carriers drop it after about a minute.
const KEEP_ALIVE: u32 = 45;
/// The same of a device that saves its battery.
const KEEP_ALIVE_SLOW: u32 = 240;

/// What a client chose to hear; usually everything that its device's subscription wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The kinds; none is as its device's subscription says.
    pub kinds: Vec<String>,
    /// Nothing of what changes in the couple or team.
    pub no_changes: bool,
    /// Nothing of what the user's other devices do.
    pub no_own: bool,
}

/// What a connection is, and hears.
#[derive(Debug, Clone)]
pub struct Held {
    /// Whose it is.
    pub caller: Caller,
    /// The device that it is, as an author: what that does it is not told of.
    pub author: i64,
    /// The names of its channels.
    pub channels: Vec<String>,
    /// Does its device save its battery?
    pub saver: bool,
    /// What of that is of changes.
    pub hears: Hears,
    /// The kinds that those are of; none is every kind.
    pub kinds: Vec<String>,
    /// The least urgent of them.
    pub floor: Priority,
}

/// What a connection hears of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hears {
    /// Of those in the couple or team?
    pub changes: bool,
    /// Of those of the user's other devices, apart?
    pub own: bool,
}

impl Held {
    /// Seconds of silence after which something is sent.
    pub const fn keep_alive(&self) -> u32 {
        if self.saver { KEEP_ALIVE_SLOW } else { KEEP_ALIVE }
    }

    /// Does it hear of changes of this kind that are so urgent, if rarely?
    pub fn wants(&self, kind: &str, priority: Priority) -> bool {
        let is_of_kind = self.kinds.is_empty() || self.kinds.iter().any(|wanted| wanted == kind);
        self.hears.changes && is_of_kind && priority >= self.floor
    }
}

/// Which the caller's connection hears, in a transaction.
pub fn of(ctx: &mut Ctx<'_>, chosen: &Chosen) -> Result<Held> {
    let (caller, author, house) = (ctx.caller()?.clone(), ctx.author(), ctx.house);
    let noun = house.features.iter().find_map(|feature| feature.messages);
    let mut wishes = noun.map_or_else(|| Ok(Wishes::default()), |noun| (noun.wishes)(ctx))?;
    if !chosen.kinds.is_empty() {
        wishes.domains.clone_from(&chosen.kinds);
    }
    let tenant = ctx.tenant_id()?;
    let membership = store::membership(ctx.db, tenant)?;
    let Parts { messages, changes, own } = parts(&wishes, chosen);
    let hears = Hears { changes: !changes.is_empty(), own: !own.is_empty() };
    let kinds = changes.iter().chain(&own).filter_map(|part| if let Part::Kind(kind, _) = part { Some(*kind) } else { None });
    let kinds: BTreeSet<String> = kinds.map(str::to_owned).collect();
    let always = [Channel::User(caller.user), Channel::Session(&caller.session), Channel::Device(author)];
    let of_tenant = messages.into_iter().chain(changes).map(|part| Channel::Tenant { tenant, membership: &membership, part });
    let of_user = own.into_iter().map(|part| Channel::Own { user: caller.user, part });
    let channels = always.into_iter().chain(of_tenant).chain(of_user).map(|channel| house.channel(channel)).collect();
    let floor = if wishes.saver { Priority::Normal } else { wishes.priority };
    Ok(Held { channels, saver: wishes.saver, caller, author, hears, kinds: kinds.into_iter().collect(), floor })
}

/// The parts of what happens that a device wants to hear of.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'w> {
    /// Those with messages to everybody in the tenant, where no other has them.
    messages: Option<Part<'w>>,
    /// Those of what changes in the tenant.
    changes: Vec<Part<'w>>,
    /// Those of what the user's other devices do.
    own: Vec<Part<'w>>,
}

fn parts<'w>(wishes: &'w Wishes, chosen: &Chosen) -> Parts<'w> {
    let Wishes { domains, priority, saver } = wishes;
    let critical = *saver || *priority == Priority::Critical;
    let by_kind = !domains.is_empty() && domains.len() <= MOST_KINDS;
    let kinds = || domains.iter().map(|kind| Part::Kind(kind, *priority)).collect();
    let all = || if by_kind { kinds() } else { vec![Part::Whole(*priority)] };
    let changes = match (*saver, critical) {
        _ if chosen.no_changes => Vec::new(),
        (true, _) => vec![Part::Slow],
        (false, true) => Vec::new(),
        (false, false) => all(),
    };
    // Who saves their battery hears of those, too, by what is told rarely.
    let has_room = changes.is_empty() || all().len() <= MOST_DOUBLED;
    let own = if chosen.no_own || critical || !has_room { Vec::new() } else { all() };
    let messages = match changes.first() {
        _ if critical => Some(Part::Critical),
        Some(Part::Whole(Priority::Normal)) => None,
        _ => Some(Part::Messages),
    };
    Parts { messages, changes, own }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(domains: usize, priority: Priority, saver: bool) -> Wishes {
        Wishes { domains: (0..domains).map(|n| format!("kind{n}")).collect(), priority, saver }
    }

    #[test]
    fn a_device_hears_what_it_wants_to() {
        let all = Chosen::default();
        let usual = wishes(0, Priority::Normal, false);
        let whole = || vec![Part::Whole(Priority::Normal)];
        assert_eq!(parts(&usual, &all), Parts { messages: None, changes: whole(), own: whole() });
        let one = wishes(1, Priority::High, false);
        let kind = || vec![Part::Kind("kind0", Priority::High)];
        assert_eq!(parts(&one, &all), Parts { messages: Some(Part::Messages), changes: kind(), own: kind() });
        let saver = Parts { messages: Some(Part::Critical), changes: vec![Part::Slow], own: Vec::new() };
        assert_eq!(parts(&wishes(3, Priority::Normal, true), &all), saver);
        let critical = Parts { messages: Some(Part::Critical), changes: Vec::new(), own: Vec::new() };
        assert_eq!(parts(&wishes(3, Priority::Critical, false), &all), critical);
        let no_changes = Chosen { no_changes: true, ..Chosen::default() };
        assert_eq!(parts(&one, &no_changes), Parts { messages: Some(Part::Messages), changes: Vec::new(), own: kind() });
        let no_own = Chosen { no_own: true, ..Chosen::default() };
        assert_eq!(parts(&usual, &no_own), Parts { messages: None, changes: whole(), own: Vec::new() });
        let neither = Chosen { no_changes: true, no_own: true, ..Chosen::default() };
        assert_eq!(parts(&usual, &neither), Parts { messages: Some(Part::Messages), changes: Vec::new(), own: Vec::new() });
    }

    #[test]
    fn no_connection_has_too_many_channels() {
        for priority in [Priority::Normal, Priority::High, Priority::Critical] {
            for (domains, bits) in (0..40).flat_map(|domains| (0..8).map(move |bits| (domains, bits))) {
                let chosen = Chosen { no_changes: bits & 1 > 0, no_own: bits & 2 > 0, ..Chosen::default() };
                let wishes = wishes(domains, priority, bits & 4 > 0);
                let Parts { messages, changes, own } = parts(&wishes, &chosen);
                assert!(3 + messages.iter().len() + changes.len() + own.len() <= 20, "Pushpin allows 20");
            }
        }
    }
}

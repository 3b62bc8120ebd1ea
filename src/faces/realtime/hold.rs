//! Which channels a connection hears: those of its user, session and device, and of what happens in their couple or team as far as
//! their device wants to hear of it.

use crate::base::error::Result;
use crate::feature::signals::{Channel, Part, store};
use crate::feature::{Caller, Ctx, Priority, Wishes};

/// The most kinds that are chosen one by one: an engine allows a connection 20 channels.
pub const MOST_KINDS: usize = 16;
/// Seconds after which a silent connection is sent something: carriers drop it after about a minute.
const KEEP_ALIVE: u32 = 45;
/// The same of a device that saves its battery.
const KEEP_ALIVE_SLOW: u32 = 240;

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
}

impl Held {
    /// Seconds of silence after which something is sent.
    pub const fn keep_alive(&self) -> u32 {
        if self.saver { KEEP_ALIVE_SLOW } else { KEEP_ALIVE }
    }
}

/// Which the caller's connection hears, in a transaction; `kinds` are those that it chose itself, and `quiet` that it chose messages alone.
pub fn of(ctx: &mut Ctx<'_>, kinds: &[String], quiet: bool) -> Result<Held> {
    let (caller, author, house) = (ctx.caller()?.clone(), ctx.author(), ctx.house);
    let noun = house.features.iter().find_map(|feature| feature.messages);
    let mut wishes = noun.map_or_else(|| Ok(Wishes::default()), |noun| (noun.wishes)(ctx))?;
    if !kinds.is_empty() {
        wishes.domains = kinds.to_vec();
    }
    let tenant = ctx.tenant_id()?;
    let membership = store::membership(ctx.db, tenant)?;
    let own = [Channel::User(caller.user), Channel::Session(&caller.session), Channel::Device(author)];
    let parts = if quiet { vec![Part::Messages] } else { parts(&wishes) };
    let parts = parts.into_iter().map(|part| Channel::Tenant { tenant, membership: &membership, part });
    let channels = own.into_iter().chain(parts).map(|channel| house.channel(channel)).collect();
    Ok(Held { caller, author, channels, saver: wishes.saver })
}

/// The parts of what happens in a tenant that a device wants to hear of.
fn parts(wishes: &Wishes) -> Vec<Part<'_>> {
    let Wishes { domains, priority, saver } = wishes;
    match priority {
        _ if *saver => vec![Part::Slow, Part::Critical],
        Priority::Critical => vec![Part::Critical],
        Priority::Normal if domains.is_empty() || domains.len() > MOST_KINDS => vec![Part::Whole(Priority::Normal)],
        Priority::High if domains.is_empty() || domains.len() > MOST_KINDS => vec![Part::Whole(Priority::High), Part::Messages],
        floor => domains.iter().map(|kind| Part::Kind(kind, *floor)).chain([Part::Messages]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_hears_what_it_wants_to_and_no_connection_has_too_many_channels() {
        let wishes = |domains: usize, priority, saver| Wishes {
            domains: (0..domains).map(|n| format!("kind{n}")).collect(),
            priority,
            saver,
        };
        let of = |wishes: &Wishes| parts(wishes).len();
        assert_eq!(parts(&wishes(0, Priority::Normal, false)), [Part::Whole(Priority::Normal)]);
        assert_eq!(parts(&wishes(1, Priority::High, false)), [Part::Kind("kind0", Priority::High), Part::Messages]);
        assert_eq!(parts(&wishes(3, Priority::Normal, true)), [Part::Slow, Part::Critical]);
        assert_eq!(parts(&wishes(3, Priority::Critical, false)), [Part::Critical]);
        for priority in [Priority::Normal, Priority::High, Priority::Critical] {
            for domains in 0..40 {
                assert!(3 + of(&wishes(domains, priority, false)) <= 20, "Pushpin allows 20");
            }
        }
    }
}

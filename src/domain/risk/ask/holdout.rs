//! The holdout: for a share of devices, records and days only facts are told, so that it can be measured whether advice helps. Pure.

/// What an answer says that it rests on where the model is held back.
pub const FACTS: &str = "facts";

/// Shares are hundredths.
const WHOLE: u64 = 100;

/// Is the model held back here? The same device is told the same of a record all day.
pub fn is_held_out(device: i64, (kind, id): (&str, &str), day: i64, percent: u32) -> bool {
    let numbers = device.to_le_bytes().into_iter().chain(day.to_le_bytes());
    let hash = numbers.chain(kind.bytes()).chain([0]).chain(id.bytes()).fold(FIRST, step);
    (hash ^ (hash >> 32)) % WHOLE < u64::from(percent)
}

/// The hash is FNV-1a: it is to spread, and hides nothing.
const FIRST: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

const fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(PRIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many devices, records and days are held back.
    fn held(percent: u32) -> usize {
        let cases = (0..100_000_i64).map(|n| (n % 7, format!("00000000-0000-4000-8000-{:012}", n / 70), n / 7 % 10));
        cases.filter(|(device, id, day)| is_held_out(*device, ("task", id), *day, percent)).count()
    }

    #[test]
    fn the_share_is_what_is_set_and_stays_all_day() {
        assert_eq!((held(0), held(100)), (0, 100_000));
        for (percent, wanted) in [(5, 5_000), (50, 50_000)] {
            let found = held(percent);
            // Four standard errors.
            assert!(found.abs_diff(wanted) < 640, "{percent}: {found}");
        }
        let one = |day| is_held_out(8, ("task", "r"), day, 50);
        assert_eq!(one(3), one(3));
        assert!((0..20).any(|day| one(day) != one(0)), "another day it may be otherwise");
    }
}

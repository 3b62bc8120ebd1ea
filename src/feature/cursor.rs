//! Pages of changes: a cursor is a stamp, so a page never ends inside one.

use crate::base::time::Timestamp;

/// Where a page of changes ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Everything fits.
    All,
    /// The page ends before this row: a page never ends inside one stamp.
    Before(usize),
    /// One stamp alone is larger than the page: it is given whole.
    Whole(Timestamp),
}

/// Cuts a page of `limit` rows, given one more than that, oldest first.
pub fn cut<T>(rows: &[T], limit: usize, stamp: impl Fn(&T) -> Timestamp) -> Cut {
    let Some(next) = rows.get(limit).map(&stamp) else { return Cut::All };
    match rows.iter().position(|row| stamp(row) == next) {
        Some(0) => Cut::Whole(next),
        Some(start) => Cut::Before(start),
        None => Cut::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_never_ends_inside_a_stamp() {
        let cut = |stamps: &[i64]| cut(stamps, 2, |stamp| Timestamp(*stamp));
        assert_eq!(cut(&[1, 2]), Cut::All);
        assert_eq!(cut(&[1, 2, 3]), Cut::Before(2));
        assert_eq!(cut(&[1, 2, 2]), Cut::Before(1));
        assert_eq!(cut(&[2, 2, 2]), Cut::Whole(Timestamp(2)));
        assert_eq!(cut(&[]), Cut::All);
    }
}

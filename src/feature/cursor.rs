//! Pages of changes: a cursor is a stamp, so a page never ends inside one.

use crate::base::error::Result;
use crate::base::time::Timestamp;

/// Which rows a page reads, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// The first ones after an instant, at most this many.
    After(Timestamp, usize),
    /// All that carry this stamp.
    At(Timestamp),
}

/// The first `limit` rows after an instant, and the cursor that goes on from there if there are more. A page ends before
/// a stamp that does not fit; where one stamp alone is larger than the page, it is given whole.
pub fn page<T>(
    since: Timestamp,
    limit: usize,
    stamp: impl Fn(&T) -> Timestamp,
    mut read: impl FnMut(Rows) -> Result<Vec<T>>,
) -> Result<(Vec<T>, Option<Timestamp>)> {
    let mut rows = read(Rows::After(since, limit + 1))?;
    let Some(next) = rows.get(limit).map(&stamp) else { return Ok((rows, None)) };
    rows.retain(|row| stamp(row) < next);
    if let Some(last) = rows.last().map(&stamp) {
        return Ok((rows, Some(last)));
    }
    let more = !read(Rows::After(next, 1))?.is_empty();
    Ok((read(Rows::At(next))?, more.then_some(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of two of these stamps, and the cursor after it.
    fn cut(stamps: &[i64]) -> (Vec<i64>, Option<i64>) {
        let read = |rows| {
            let wanted: Vec<i64> = match rows {
                Rows::After(since, count) => stamps.iter().copied().filter(|stamp| *stamp > since.0).take(count).collect(),
                Rows::At(at) => stamps.iter().copied().filter(|stamp| *stamp == at.0).collect(),
            };
            Ok(wanted)
        };
        let (rows, end) = page(Timestamp(0), 2, |stamp| Timestamp(*stamp), read).unwrap();
        (rows, end.map(|end| end.0))
    }

    #[test]
    fn a_page_never_ends_inside_a_stamp() {
        assert_eq!(cut(&[]), (vec![], None));
        assert_eq!(cut(&[1, 2]), (vec![1, 2], None));
        assert_eq!(cut(&[1, 2, 3]), (vec![1, 2], Some(2)));
        assert_eq!(cut(&[1, 2, 2]), (vec![1], Some(1)));
        assert_eq!(cut(&[2, 2, 2]), (vec![2, 2, 2], None));
        assert_eq!(cut(&[2, 2, 2, 3]), (vec![2, 2, 2], Some(2)));
    }
}

//! Pages and their links, and a property: what was not changed while a list is loaded is on exactly one page.

use super::*;
use crate::http::Vars;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn asked<T>(query: &str, answer: impl FnOnce(&Request<'_>) -> T) -> T {
    let vars = Vars::from_iter([("REQUEST_URI", &*format!("/api/goals/?{query}"))]);
    answer(&Request::new(&vars, String::new()))
}

fn page(query: &str, count: i64) -> Option<(i64, i64)> {
    let span = asked(query, |request| Page::of(request, count).ok().map(|page| page.span()));
    span.map(|span| (span.limit - 1, span.offset))
}

#[test]
fn pages_exist_or_are_refused() {
    assert_eq!(page("", 0), Some((50, 0)));
    assert_eq!(page("page=2", 51), Some((50, 50)));
    assert_eq!(page("page=2&after=", 51), Some((50, 50)));
    assert_eq!(page("page=last&page_size=20", 51), Some((20, 40)));
    assert_eq!(page("page_size=9999", 5), Some((200, 0)));
    for bad in ["page=2", "page=0", "page=-1", "page=x", "page=99999999999999999999"] {
        assert_eq!(page(bad, 50), None, "{bad}");
        assert_eq!(page(&format!("{bad}&after=7_x"), 50), Some((50, 0)), "{bad}: the key decides");
    }
}

#[test]
fn a_key_is_one_that_the_list_gave() {
    let id = "018f0000-0000-7000-8000-000000000000";
    let key = |text: &str| After::read(Some(text)).newest().ok();
    assert_eq!(key(&format!("17_{id}")), Some((17, id.to_owned())));
    for bad in ["17", "x_y", "17_y", "17_18_19", "_"] {
        assert_eq!(key(bad), None, "{bad}");
    }
    assert_eq!((After::default().newest().unwrap().0, After::default().oldest().unwrap().0), (i64::MAX, i64::MIN));
}

#[test]
fn the_page_before_is_there_even_if_the_list_became_shorter() {
    let previous = |query: &str| asked(query, |request| Page::of(request, 3).unwrap().previous(request));
    assert_eq!(previous("page_size=2&page=9&after=7_x").as_deref(), Some("/api/goals/?page_size=2&page=2"));
    assert_eq!(previous("page_size=2&page=1&after=7_x"), None);
}

/// An object of a list that is ordered by its last change, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Object {
    stamp: i64,
    id: String,
}

impl Keyed for Object {
    fn key(&self) -> Vec<String> {
        vec![self.stamp.to_string(), self.id.clone()]
    }
}

/// A tenant's list, and what its feed tells since the cursor.
#[derive(Debug, Default)]
struct World {
    alive: BTreeMap<String, i64>,
    told: BTreeSet<String>,
    clock: i64,
}

impl World {
    fn write(&mut self, number: u8, delete: bool) {
        let id = format!("018f0000-0000-7000-8000-0000000000{number:02x}");
        self.clock += 1;
        if delete {
            self.alive.remove(&id)
        } else {
            self.alive.insert(id.clone(), self.clock)
        };
        self.told.insert(id);
    }

    /// What the statement of such a list reads.
    fn read(&self, page: &Page) -> Vec<Object> {
        let before = page.after.newest().unwrap();
        let mut rows: Vec<_> = self.alive.iter().map(|(id, stamp)| (*stamp, id.clone())).filter(|key| *key < before).collect();
        rows.sort_by(|one, other| other.cmp(one));
        page.span().of(rows.into_iter().map(|(stamp, id)| Object { stamp, id }))
    }
}

/// Changes of objects by their number: deletions where the flag says so.
fn writes(most: usize) -> impl Strategy<Value = Vec<(u8, bool)>> {
    proptest::collection::vec((0..40u8, any::<bool>()), 0..most)
}

proptest! {
    /// Whoever follows `next` sees each object on exactly one page, unless it was changed meanwhile: then the feed tells it.
    #[test]
    fn what_was_not_changed_is_on_some_page(first in writes(60), size in 1..7, between in proptest::collection::vec(writes(6), 0..20)) {
        let mut world = World::default();
        first.into_iter().for_each(|(number, delete)| world.write(number, delete));
        let before = world.alive.clone();
        world.told.clear();
        let (mut between, mut seen, mut query) = (between.into_iter(), Vec::new(), format!("page_size={size}"));
        loop {
            let next = asked(&query, |request| {
                let page = Page::of(request, i64::try_from(world.alive.len()).unwrap()).unwrap();
                let mut rows = world.read(&page);
                let links = page.links(request, &mut rows);
                seen.extend(rows);
                links.next
            });
            let Some(next) = next else { break };
            query = next.split_once('?').unwrap().1.to_owned();
            between.next().into_iter().flatten().for_each(|(number, delete)| world.write(number, delete));
        }
        for (id, stamp) in before.iter().filter(|(id, _)| !world.told.contains(*id)) {
            let shown = seen.iter().filter(|object| object.id == *id && object.stamp == *stamp).count();
            prop_assert_eq!(shown, 1, "{}", id);
        }
    }
}

//! Copying and comparing do what C says, for every size, place and overlap that takes another way.
#![cfg(target_arch = "x86_64")]

use kernel::copy::{compare, copy, same};

/// Sizes around each border between two ways, and some beyond.
fn sizes() -> impl Iterator<Item = usize> {
    (0..=300).chain(500..=530).chain(2_040..=2_060).chain([4_095, 4_096, 4_097, 10_000])
}

/// Bytes that differ from their neighbours.
fn filled(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at * 31 + at / 256) as u8).collect()
}

#[test]
fn blocks_apart_are_copied_and_nothing_beside_them() {
    let from = filled(11_000);
    for size in sizes() {
        for (a, b) in [(0, 0), (1, 0), (0, 1), (3, 7), (8, 16)] {
            let mut to = vec![0xEE; size + 64];
            // SAFETY: both have as many bytes behind these places.
            unsafe { copy(to.as_mut_ptr().add(a), from.as_ptr().add(b), size) };
            assert_eq!(to[a..a + size], from[b..b + size], "{size} bytes from {b} to {a}");
            assert!(to[..a].iter().chain(&to[a + size..]).all(|byte| *byte == 0xEE), "{size} bytes wrote beside their place");
        }
    }
}

#[test]
fn blocks_that_overlap_are_copied_as_if_they_did_not() {
    for size in sizes() {
        for distance in [1, 2, 7, 8, 15, 16, 17, 31, 63, 64, 65, 100, 127, 128, 129, 200, 1_000] {
            for (to, from) in [(0, distance), (distance, 0)] {
                let mut bytes = filled(size + distance + 8);
                let mut expected = bytes.clone();
                expected.copy_within(from..from + size, to);
                // SAFETY: the block has as many bytes behind both places.
                unsafe { copy(bytes.as_mut_ptr().add(to), bytes.as_ptr().add(from), size) };
                assert!(bytes == expected, "{size} bytes from {from} to {to}");
            }
        }
    }
}

#[test]
fn the_first_byte_that_differs_decides() {
    for size in (0..=70).chain([200, 4_097]) {
        let one = filled(size);
        // SAFETY: both have that size.
        let compared = |other: &[u8]| {
            let order = unsafe { compare(one.as_ptr(), other.as_ptr(), size) }.signum();
            assert_eq!(order == 0, unsafe { same(one.as_ptr(), other.as_ptr(), size) }, "{size} bytes");
            order
        };
        assert_eq!(compared(&one), 0, "{size} bytes");
        for at in (0..size).step_by(if size > 100 { 37 } else { 1 }) {
            let mut other = one.clone();
            other[at] = one[at].wrapping_add(1);
            // What follows the first one says nothing.
            if at + 1 < size {
                other[size - 1] = !other[size - 1];
            }
            let expected = one[at].cmp(&other[at]) as i32;
            assert_eq!(compared(&other), expected, "{size} bytes that differ at {at}");
        }
    }
}

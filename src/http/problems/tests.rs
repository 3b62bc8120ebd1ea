//! Every refusal has a type of its own, and every type a name.

use super::*;

#[test]
fn names_are_told_apart_and_written_like_those_of_paths() {
    for (n, one) in TYPES.iter().enumerate() {
        assert!(TYPES[..n].iter().all(|other| other.name != one.name && (one.older.is_none() || other.older != one.older)));
        assert!(one.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", one.name);
        assert!(one.about.ends_with('.'), "{}", one.name);
    }
}

#[test]
fn every_refusal_has_a_type() {
    let kinds = [
        Refused::Invalid,
        Refused::Forbidden,
        Refused::NotFound,
        Refused::Method,
        Refused::Stale,
        Refused::Unnamed,
        Refused::TooLarge,
        Refused::AnswerTooLarge,
        Refused::OpenConflicts,
        Refused::MediaType,
        Refused::KeyReused,
        Refused::KeyRequired,
        Refused::InProgress,
        Refused::AlreadyDone,
        Refused::EpochChanged,
        Refused::EmailUnverified,
        Refused::MailUnavailable,
        Refused::IdTaken,
        Refused::Exists,
        Refused::Deleted,
        Refused::DeviceUnknown,
        Refused::DeviceMismatch,
        Refused::DeviceWiping,
        Refused::CannotWipe,
        Refused::TooManyDevices,
        Refused::PushUnavailable,
        Refused::RealtimeUnavailable,
        Refused::TooManySubscriptions,
        Refused::SubscriptionInactive,
    ];
    assert!(kinds.into_iter().filter(|kind| of(*kind).name == TYPES[0].name).eq([Refused::Invalid]));
    assert_eq!(of(Refused::Unauthenticated("user_not_found")).name, "user-not-found");
}

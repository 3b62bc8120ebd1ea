//! Limits of what guards secrets, in the database: log-ins, invite codes, registrations.
//!
//! An attempt that may fail is counted before the slow work (a password's hash) and given back when it succeeds: a hundred
//! that begin at the same instant would else all find their bucket empty. A bucket is locked while it is looked at.

use super::ctx::Work;
use super::{Ctx, Rate, store};
use crate::base::error::{Error, Refusal, Result};
use crate::base::id;
use crate::base::time::{SECOND, Timestamp};
use crate::db::{Db, Mode, within};
use crate::http::{Response, peer};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A bucket's name and its limit; without a limit nothing is counted there.
pub type Bucket = (String, Option<Rate>);

/// Attempts that were counted before anybody knows how they end.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Taken(Vec<String>);

impl Ctx<'_> {
    /// A bucket of attempts: what is tried, by whom, from where. Hashed, so that the store holds no address and no name. Who
    /// has an IPv6 address has its whole /64.
    pub fn bucket(&self, what: &str, whose: &str) -> String {
        self.bucket_at(what, whose, &peer::network(&self.request.address))
    }

    /// A bucket that every address shares.
    pub fn common_bucket(&self, what: &str) -> String {
        self.bucket_at(what, "everybody", "")
    }

    /// A bucket of what is tried on somebody, from whatever address.
    pub fn bucket_of(&self, what: &str, whose: &str) -> String {
        self.bucket_at(what, whose, "")
    }

    fn bucket_at(&self, what: &str, whose: &str, place: &str) -> String {
        let hash = Sha256::new().chain_update(self.house.derive("attempts")).chain_update(what).chain_update([0]);
        id::hex(&hash.chain_update(whose).chain_update([0]).chain_update(place).finalize())
    }

    /// Counts an attempt in each of these buckets, in a transaction of its own.
    ///
    /// # Errors
    /// [`Refused::TooMany`](crate::base::error::Refused::TooMany) when one of them is full; then none has counted it.
    pub fn take_attempts(&mut self, buckets: &[Bucket]) -> Result<Taken> {
        if buckets.iter().all(|(_, rate)| rate.is_none()) {
            return Ok(Taken::default());
        }
        let now = self.now;
        within(self.db, Mode::Write, |db| {
            check(db, buckets, now)?;
            count(db, buckets, now).map(Taken)
        })
    }

    /// Runs work in one write transaction, which gives the attempts back when the work is done. When the answer was kept from
    /// before, the work is not done again, and they are given back all the same.
    ///
    /// # Errors
    /// The work's; then the attempts stay counted.
    pub fn write_giving_back(&mut self, taken: &Taken, work: Work<'_>) -> Result<Response> {
        let mut given = false;
        let answer = self.write(&mut |ctx| {
            let answer = work(ctx)?;
            given = true;
            forget(ctx.db, taken).map(|()| answer)
        })?;
        if given { Ok(answer) } else { self.give_back(taken).map(|()| answer) }
    }

    /// Gives attempts back that have not failed, in a transaction of its own.
    pub fn give_back(&mut self, taken: &Taken) -> Result<()> {
        if taken.0.is_empty() { Ok(()) } else { within(self.db, Mode::Write, |db| forget(db, taken)) }
    }

    /// The same, with what else is written then.
    pub fn give_back_and(&mut self, taken: &Taken, also: impl Fn(&mut Db) -> Result<()>) -> Result<()> {
        within(self.db, Mode::Write, |db| {
            forget(db, taken)?;
            also(db)
        })
    }

    /// Refuses when one of these buckets is full, as far as a read sees it.
    ///
    /// # Errors
    /// [`Refused::TooMany`](crate::base::error::Refused::TooMany).
    pub fn look_at_attempts(&mut self, buckets: &[Bucket]) -> Result<()> {
        let limited = buckets.iter().filter_map(|(bucket, rate)| rate.map(|rate| (bucket, rate)));
        for (bucket, rate) in limited {
            refuse_if_full(self.db, bucket, rate, self.now)?;
        }
        Ok(())
    }

    /// Counts an attempt in each of these buckets in the open transaction, for whoever ends it to forget.
    ///
    /// # Errors
    /// [`Refused::TooMany`](crate::base::error::Refused::TooMany) when one of them is full.
    pub fn count_attempts(&mut self, buckets: &[Bucket]) -> Result<Taken> {
        self.check_attempts(buckets)?;
        count(self.db, buckets, self.now).map(Taken)
    }

    /// Forgets attempts in the open transaction: what they counted has ended.
    pub fn forget_attempts(&mut self, taken: &Taken) -> Result<()> {
        forget(self.db, taken)
    }

    /// Refuses when one of these buckets is full. In a write transaction they stay locked until its end.
    ///
    /// # Errors
    /// [`Refused::TooMany`](crate::base::error::Refused::TooMany) with the seconds until an attempt in it is forgotten.
    pub fn check_attempts(&mut self, buckets: &[Bucket]) -> Result<()> {
        check(self.db, buckets, self.now)
    }

    /// Counts one more in each of these buckets, in the open transaction, unless one of them is full; answers whether it did.
    pub fn count_if_room(&mut self, buckets: &[Bucket]) -> Result<bool> {
        match self.check_attempts(buckets) {
            Ok(()) => self.count_attempt(buckets).map(|()| true),
            Err(Error::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts a failed attempt into each of these buckets, in the open transaction.
    pub fn count_attempt(&mut self, buckets: &[Bucket]) -> Result<()> {
        count(self.db, buckets, self.now).map(drop)
    }

    /// Are there as many attempts in a bucket as its limit allows?
    pub fn is_full(&mut self, (bucket, rate): &Bucket) -> Result<bool> {
        let Some(rate) = rate else { return Ok(false) };
        wait(self.db, bucket, *rate, self.now).map(|wait| wait.is_some())
    }
}

fn check(db: &mut Db, buckets: &[Bucket], now: Timestamp) -> Result<()> {
    for (bucket, rate) in buckets {
        let Some(rate) = *rate else { continue };
        store::lock_attempts(db, bucket)?;
        refuse_if_full(db, bucket, rate, now)?;
    }
    Ok(())
}

fn refuse_if_full(db: &mut Db, bucket: &str, rate: Rate, now: Timestamp) -> Result<()> {
    wait(db, bucket, rate, now)?.map_or(Ok(()), |wait| Err(Refusal::too_many(wait).into()))
}

/// How long until a full bucket has room: until the oldest of as many as it holds is forgotten.
fn wait(db: &mut Db, bucket: &str, rate: Rate, now: Timestamp) -> Result<Option<i64>> {
    let (count, oldest) = store::attempts(db, bucket, rate, now)?;
    let full = count >= i64::from(rate.count);
    Ok(full.then(|| (oldest.0 + rate.window - now.0).clamp(SECOND, rate.window)))
}

fn count(db: &mut Db, buckets: &[Bucket], now: Timestamp) -> Result<Vec<String>> {
    let limited = buckets.iter().filter(|(_, rate)| rate.is_some());
    limited.map(|(bucket, _)| store::count_attempt(db, bucket, now)).collect()
}

fn forget(db: &mut Db, taken: &Taken) -> Result<()> {
    taken.0.iter().try_for_each(|id| store::forget_attempt(db, id))
}

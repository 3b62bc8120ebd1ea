//! A request within another one, as a message of a socket is: it passes the same guards as if it had come by itself.

use super::signals::Signals;
use super::{Ctx, Route};
use crate::base::error::Error;
use crate::base::time::Timestamp;
use crate::base::token::Claims;
use crate::db::Db;
use crate::feature::meters::Meters;
use crate::http::Request;

/// What a request has left for after its answer.
#[derive(Debug, Default)]
pub struct Left {
    /// When the courier is due.
    pub owed: Option<Timestamp>,
    /// What there is for who holds a socket.
    pub signals: Signals,
    /// Is the connection to the database of no more use?
    pub lost: bool,
}

impl Ctx<'_> {
    /// The inner request at the door: nobody is admitted yet.
    pub fn within<'i>(&'i mut self, request: &'i Request<'i>, route: &'static Route, claims: Option<Claims>) -> Ctx<'i> {
        Ctx::new(request, route, self.house, self.db, self.meters, claims, Timestamp::now())
    }

    /// What an inner request has left for after the answer is this one's.
    pub fn take_over(&mut self, left: Left) {
        self.owed = [self.owed, left.owed].into_iter().flatten().min();
        self.signals.join(left.signals);
        self.lost |= left.lost;
    }

    /// What this request has left for after the answer.
    pub fn leave(&mut self) -> Left {
        Left { owed: self.owed.take(), signals: std::mem::take(&mut self.signals), lost: self.lost }
    }

    /// Was the connection lost by an error that is not told as one?
    pub fn note_lost(&mut self, error: &Error) {
        self.lost |= Db::is_lost(error);
    }

    /// The limits of reads.
    pub fn meters(&mut self) -> &mut Meters {
        self.meters
    }
}

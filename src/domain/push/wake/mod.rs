//! Waking devices of what they have not seen.
//!
//! | file | what |
//! |---|---|
//! | `rules.rs` | when a device is woken |
//! | `past.rs` | what it was sent before, so that no bound is exceeded |
//! | `outcome.rs` | what a push service's answer means, and when it is asked again |
//! | `unseen.rs` | what a device has not seen, and what it is told of that |
//! | `call.rs` | the request to its push service |
//! | `courier.rs` | the courier's job: it looks at what is due, sends, and writes down what became of it |

mod call;
pub mod courier;
mod outcome;
mod past;
mod rules;
mod store;
mod unseen;

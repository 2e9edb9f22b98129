//! The carrier, against the embedded broker and against a real RabbitMQ.
//!
//! RabbitMQ is found by `OFFERCAST_TEST_AMQP_URL`; `tests/run` starts one.

#![allow(clippy::unwrap_used, clippy::expect_used)]
// Tests find their backends by the environment that `tests/run` makes.
#![allow(clippy::disallowed_methods)]

mod embedded;
mod outbox;
mod proxy;
mod rabbit;
mod relay;
mod relay_faults;
mod suite;

//! Many who are logged in and silent.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use netcomm_benches::process::Usage;

use crate::crowd::{Crowd, Deaf};
use crate::dialects::{Dialect, Place, User};
use crate::figures::{Figures, float};

/// How long the server has to come to rest.
const REST: Duration = Duration::from_millis(500);

/// Lets `count` users in, and sees what they take.
pub(crate) fn measure(
    server: SocketAddr,
    dialect: Box<dyn Dialect>,
    count: usize,
    pid: Option<u32>,
) -> std::io::Result<Figures> {
    let mut crowd = Crowd::new(server, dialect)?;
    let before = pid.and_then(Usage::of);
    let begin = Instant::now();
    crowd.enter((0..count).map(|number| User { number, place: Place::Nowhere }))?;
    let elapsed = begin.elapsed();
    let end = Instant::now() + REST;
    while Instant::now() < end {
        crowd.poll(REST / 5, &mut Deaf)?;
    }
    let after = pid.and_then(Usage::of);
    let count = float(count as u64);
    let resident = before.zip(after).map(|(before, after)| {
        float(after.resident_bytes.saturating_sub(before.resident_bytes)) / count
    });
    Ok(Figures {
        resident,
        threads: after.map(|usage| usage.threads),
        connects_per_second: Some(count / elapsed.as_secs_f64()),
        ..Figures::default()
    })
}

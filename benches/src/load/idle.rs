//! Many who are logged in and silent.

use std::time::{Duration, Instant};

use netcomm_benches::process::Usage;

use crate::crowd::{Crowd, Deaf};
use crate::dialects::{Place, User};
use crate::figures::{Figures, float};
use crate::servers::Target;

/// How long the server has to come to rest.
const REST: Duration = Duration::from_millis(500);

/// Lets `count` users in, and sees what they take.
pub(crate) fn measure(target: Target, count: usize) -> std::io::Result<Figures> {
    let mut crowd = Crowd::new(target)?;
    let before = target.pid.and_then(Usage::of);
    let begin = Instant::now();
    crowd.enter((0..count).map(|number| User { number, place: Place::Nowhere }))?;
    let elapsed = begin.elapsed();
    let end = Instant::now() + REST;
    while Instant::now() < end {
        crowd.poll(REST / 5, &mut Deaf)?;
    }
    let after = target.pid.and_then(Usage::of);
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

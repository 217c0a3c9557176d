//! How long to wait before connecting again: capped exponential, with full jitter.

use core::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_mins(1);

/// Small random numbers for jitter and nonces (`SplitMix64`); good for nothing secret.
#[derive(Clone, Debug)]
pub(super) struct Generator(u64);

impl Generator {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// The state of the back-off.
#[derive(Clone, Debug, Default)]
pub(super) struct BackOff {
    attempts: u32,
}

impl BackOff {
    /// The next wait: between nothing and a ceiling that doubles from 1 s to 60 s, and not less
    /// than what the server asked for.
    pub(super) fn next(
        &mut self,
        generator: &mut Generator,
        retry_after: Option<Duration>,
    ) -> Duration {
        let ceiling = FIRST.saturating_mul(1 << self.attempts.min(6)).min(MOST);
        self.attempts = self.attempts.saturating_add(1);
        let ceiling = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX);
        let jittered = Duration::from_millis(generator.draw() % (ceiling + 1));
        jittered.max(retry_after.unwrap_or_default())
    }

    pub(super) fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_one_second_to_sixty_and_stay_within() {
        let mut generator = Generator::new(1);
        let mut longest = [Duration::ZERO; 9];
        for _ in 0..500 {
            let mut back_off = BackOff::default();
            for longest in &mut longest {
                *longest = (*longest).max(back_off.next(&mut generator, None));
            }
        }
        for (attempt, longest) in longest.into_iter().enumerate() {
            let ceiling = FIRST.saturating_mul(1 << attempt).min(MOST);
            assert!(longest <= ceiling && longest > ceiling / 2);
        }
        let mut back_off = BackOff { attempts: 9 };
        back_off.reset();
        assert!(back_off.next(&mut generator, None) <= FIRST);
        let asked = Duration::from_secs(90);
        assert_eq!(back_off.next(&mut generator, Some(asked)), asked);
    }

    #[test]
    fn the_longest_wait_is_the_ceiling_itself() {
        // Its first number is 1000 modulo 1001.
        let mut generator = Generator::new(2622);
        assert_eq!(BackOff::default().next(&mut generator, None), FIRST);
    }

    #[test]
    fn the_generator_is_splitmix64() {
        let mut generator = Generator::new(0);
        let drawn = [(); 3].map(|()| generator.draw());
        assert_eq!(drawn, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
    }
}

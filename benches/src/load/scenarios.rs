//! What is measured.

use clap::ValueEnum;

use crate::dialects::{Place, User};

/// People who talk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Talk {
    pub(crate) rooms: usize,
    /// In each room.
    pub(crate) posters: usize,
    /// In each room, besides those who post.
    pub(crate) readers: usize,
    /// Whether each room is a pair that talks in private.
    pub(crate) is_private: bool,
    pub(crate) rhythm: Rhythm,
    /// Others who are connected, and in no room.
    pub(crate) bystanders: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Rhythm {
    /// Each poster may be so many posts ahead of the slowest who hears it.
    Ahead(u32),
    /// Each posts when it has heard the other.
    InTurn,
    /// So many posts per second in each room, at even distances.
    PerSecond(u32),
}

/// By name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Scenario {
    /// 4 posters, 256 posts under way, 100 who hear
    Saturated100,
    /// The same, 1000 who hear
    Saturated1000,
    /// 4 posters, 1 post each under way, 100 who hear
    HardlyPipelined,
    /// 200 posts per second to 100
    Paced100,
    /// 20 posts per second to 1000
    Paced1000,
    /// 200 rooms of 5, 8 posts under way in each
    Rooms,
    /// 50 pairs that answer each other; the latency is the round trip
    Private1,
    /// 50 pairs, 64 posts under way in each
    Private64,
    /// 10,000 who are logged in and silent
    Idle,
    /// A quiet room of 10 beside 100 slow readers of a flood; the latency is the quiet room's
    Fairness,
}

impl Scenario {
    /// Who talks; the others have modules of their own.
    pub(crate) fn talk(self) -> Option<Talk> {
        let room = |readers, rhythm| Talk {
            rooms: 1,
            posters: 4,
            readers,
            is_private: false,
            rhythm,
            bystanders: 0,
        };
        let pairs = |posters, rhythm| Talk {
            rooms: 50,
            posters,
            readers: 2 - posters,
            is_private: true,
            rhythm,
            bystanders: 0,
        };
        Some(match self {
            Self::Saturated100 => room(100, Rhythm::Ahead(64)),
            Self::Saturated1000 => room(1000, Rhythm::Ahead(64)),
            Self::HardlyPipelined => room(100, Rhythm::Ahead(1)),
            Self::Paced100 => room(100, Rhythm::PerSecond(200)),
            Self::Paced1000 => room(1000, Rhythm::PerSecond(20)),
            Self::Rooms => Talk { rooms: 200, posters: 1, ..room(4, Rhythm::Ahead(8)) },
            Self::Private1 => pairs(2, Rhythm::InTurn),
            Self::Private64 => pairs(1, Rhythm::Ahead(64)),
            Self::Idle | Self::Fairness => return None,
        })
    }

    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().into())
    }
}

impl Talk {
    /// How many are in each room.
    pub(crate) fn size(&self) -> usize {
        self.posters + self.readers
    }

    /// Everybody: room after room, posters first, then the bystanders.
    pub(crate) fn users(self) -> impl Iterator<Item = User> {
        let size = self.size();
        let inside = self.rooms * size;
        let users = (0..inside).map(move |number| User { number, place: self.place(number) });
        let others = inside..inside + self.bystanders;
        users.chain(others.map(|number| User { number, place: Place::Nowhere }))
    }

    fn place(&self, number: usize) -> Place {
        let (room, seat) = (number / self.size(), number % self.size());
        if self.is_private {
            return Place::Pair { other: room * 2 + (1 - seat) };
        }
        Place::Room { room, is_first: seat == 0, posts: seat < self.posters }
    }
}

/// How the cost changes: each with its name.
pub(crate) fn scaling() -> Vec<(String, Talk)> {
    let mut talks = Vec::new();
    for members in [10, 30, 100, 300, 1000, 3000, 5000] {
        for (name, ahead) in [("saturated", 64), ("hardly-pipelined", 1)] {
            if let Some(talk) = Scenario::Saturated100.talk() {
                let readers = members - talk.posters;
                let rhythm = Rhythm::Ahead(ahead);
                talks
                    .push((format!("{name}, room of {members}"), Talk { readers, rhythm, ..talk }));
            }
        }
    }
    for rooms in [1, 10, 100, 1000] {
        let talk = Scenario::Rooms.talk();
        talks.extend(talk.map(|talk| (format!("{rooms} rooms of 5"), Talk { rooms, ..talk })));
    }
    for bystanders in [0, 1000, 4000, 8000] {
        let talk = Scenario::Saturated100.talk();
        let name = format!("saturated, room of 104, {bystanders} bystanders");
        talks.extend(talk.map(|talk| (name, Talk { bystanders, ..talk })));
    }
    talks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_seat() {
        for scenario in Scenario::value_variants() {
            let Some(talk) = scenario.talk() else { continue };
            let users: Vec<_> = talk.users().collect();
            assert_eq!(users.len(), talk.rooms * talk.size());
            for user in users {
                match user.place {
                    Place::Pair { other } => {
                        assert_eq!((other / 2, other % 2), (user.number / 2, 1 - user.number % 2));
                    }
                    Place::Room { room, is_first, .. } => {
                        assert_eq!(room, user.number / talk.size());
                        assert_eq!(is_first, user.number % talk.size() == 0);
                    }
                    Place::Nowhere => panic!("{scenario:?} has no bystanders"),
                }
            }
        }
        assert_eq!(scaling().len(), 22);
    }
}

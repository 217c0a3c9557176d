//! Three people, of whom one hides.

use crate::support::twin::Twins;
use crate::support::twin::act::{Act, Setting, Step, Visibility, Who};
use netcomm_core::server::Face;
use netcomm_core::wire::Conversation;

pub(crate) const LOBBY: Conversation<'static> = Conversation::room("lobby");
pub(crate) const TEA: Conversation<'static> = Conversation::room("tea");
pub(crate) const ANN: Conversation<'static> = Conversation::private("ann");
pub(crate) const BOB: Conversation<'static> = Conversation::private("bob");
pub(crate) const CAT: Conversation<'static> = Conversation::private("cat");
pub(crate) const VISIBLY: Visibility = Visibility::Visible;

/// Ann, who hides, and bob and cat, who look for her.
pub(crate) struct World(pub(crate) Twins);

impl World {
    /// All three are in bob's room, the lobby.
    pub(crate) fn new(limits: &[(&'static str, u64)]) -> Self {
        let mut world = Self::empty(limits);
        world.bob(Act::Create("lobby"));
        world.ann(Act::Login("ann", VISIBLY));
        world.ann(Act::Join("lobby"));
        world.cat(Act::Join("lobby"));
        world
    }

    /// Bob and cat are there, and no room.
    pub(crate) fn empty(limits: &[(&'static str, u64)]) -> Self {
        let mut setting = Setting::new(limits, 2);
        setting.faces.fill(Face::Framed);
        let mut world = Self(Twins::new(setting));
        world.bob(Act::Login("bob", VISIBLY));
        world.cat(Act::Login("cat", VISIBLY));
        world
    }

    /// Answers what bob is told.
    pub(crate) fn ann(&mut self, act: Act) -> Vec<String> {
        self.step(Step::By(Who::Hider, act));
        self.0.told(0)
    }

    /// Answers what ann herself is told.
    pub(crate) fn ann_hears(&mut self, act: Act) -> String {
        self.step(Step::By(Who::Hider, act));
        self.0.hider_told().concat()
    }

    pub(crate) fn bob(&mut self, act: Act) -> String {
        self.step(Step::By(Who::Observer(0), act));
        self.0.told(0).concat()
    }

    pub(crate) fn cat(&mut self, act: Act) -> String {
        self.step(Step::By(Who::Observer(1), act));
        self.0.told(1).concat()
    }

    /// Lets time pass; answers what bob is told.
    pub(crate) fn pass(&mut self, millis: u64) -> Vec<String> {
        self.step(Step::Pass(millis));
        self.0.told(0)
    }

    fn step(&mut self, step: Step) {
        let outcome = self.0.step(step).and_then(|()| self.0.same_public_state());
        assert_eq!(outcome, Ok(()), "{step:?}");
    }
}

pub(crate) fn silence() -> Vec<String> {
    Vec::new()
}

//! A run in which a user hides, and its twin in which the user has lost its connection instead,
//! side by side (PROTOCOL.md, "Visibility"): all others must be sent the same bytes in both.
//!
//! In the twin a hide is a loss of the connection, and a hidden login nothing. A reveal is a
//! return (a resume within the window, a new login after it), then a rename where another name
//! was wished for, then the leaves and the joins that make the rooms the same. What was said
//! while hidden is put in. All else that the hidden user did has not happened.

pub mod act;
pub mod person;

use std::collections::BTreeMap;

use netcomm_core::server::{Absent, ConnId, Face, Origin};
use netcomm_core::wire::{ClientMessage, ResumeToken, ServerMessage};

use super::chat::{Heard, join, login};
use act::{Act, Setting, Step, Visibility, Who};
use person::{Admitted, Person, Run, admitted};

/// Both runs.
pub struct Twins {
    setting: Setting,
    real: Run,
    twin: Run,
    hider: Person,
    /// What the hider is called, whether it is hidden, in the real run.
    name: String,
    is_hidden: bool,
    ghost: Ghost,
    observers: Vec<(Person, Person)>,
    /// What each observer, and last the hider, heard in the last step of the real run.
    heard: Vec<BTreeMap<u64, Heard>>,
}

/// The hider in the twin.
#[derive(Debug, Default)]
struct Ghost {
    conn: Option<ConnId>,
    token: Option<ResumeToken>,
    returns: u64,
}

impl Twins {
    pub fn new(setting: Setting) -> Self {
        let people = (1..).zip(&setting.faces);
        Self {
            real: Run::new(&setting),
            twin: Run::new(&setting),
            hider: Person::new(0, Face::Framed),
            name: String::new(),
            is_hidden: false,
            ghost: Ghost::default(),
            observers: people
                .map(|(number, face)| (Person::new(number, *face), Person::new(number, *face)))
                .collect(),
            heard: Vec::new(),
            setting,
        }
    }

    /// Does the steps in both runs. An error says where others could tell them apart.
    pub fn run(&mut self, steps: &[Step]) -> Result<(), String> {
        for (number, step) in steps.iter().enumerate() {
            self.step(*step).map_err(|error| format!("step {number}, {step:?}: {error}"))?;
        }
        Ok(())
    }

    pub fn step(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Pass(millis) => {
                self.real.pass(millis)?;
                self.twin.pass(millis)?;
            }
            Step::By(Who::Hider, act) => self.by_hider(act)?,
            Step::By(Who::Observer(number), act) => {
                let may = !act.hides() || self.setting.observers_may_hide();
                if let Some((real, twin)) = self.observers.get_mut(number).filter(|_| may) {
                    real.act(&mut self.real, &self.setting, act);
                    twin.act(&mut self.twin, &self.setting, act);
                }
            }
        }
        self.compare()?;
        self.hider.listen(&mut self.real);
        self.heard.push(self.hider.heard());
        Ok(())
    }

    /// Whether all that others may learn is the same, told or not.
    pub fn same_public_state(&self) -> Result<(), String> {
        let (real, twin) = (self.real.router.public_state(), self.twin.router.public_state());
        if real == twin {
            return Ok(());
        }
        Err(format!("public states differ:\nreal {real}\ntwin {twin}"))
    }

    /// Both runs' states, as far as they matter for what comes: equal ones go on alike.
    pub fn state(&self) -> String {
        let now = self.real.now();
        format!("{now:?} {:?} {:?} {:?}", self.real.router, self.twin.router, self.name)
    }

    /// What an observer was told in the last step.
    pub fn told(&self, observer: usize) -> Vec<String> {
        self.observers[observer].0.told(&self.heard[observer])
    }

    /// The same of the hider.
    pub fn hider_told(&self) -> Vec<String> {
        let heard = self.heard.last();
        heard.map_or_else(Vec::new, |heard| self.hider.told(heard))
    }

    fn compare(&mut self) -> Result<(), String> {
        self.heard.clear();
        for (number, (real, twin)) in self.observers.iter_mut().enumerate() {
            real.listen(&mut self.real);
            twin.listen(&mut self.twin);
            let (in_real, in_twin) = (real.heard(), twin.heard());
            if in_real != in_twin {
                return Err(format!(
                    "observer {number} hears\n in the real run: {}\n in the twin: {}",
                    real.explain(&in_real),
                    twin.explain(&in_twin)
                ));
            }
            self.heard.push(in_real);
        }
        Ok(())
    }

    fn by_hider(&mut self, act: Act) -> Result<(), String> {
        match act {
            Act::Probe(_) | Act::SayMuch(..) => Ok(()),
            Act::Login(..) | Act::Resume => self.login(act),
            Act::Lose | Act::Overflow => {
                self.hider.act(&mut self.real, &self.setting, act);
                self.lose_ghost();
                Ok(())
            }
            _ if !self.hider.is_logged_in => Ok(()),
            Act::Reveal if self.is_hidden => {
                let conn = self.hider.conn();
                let rooms = conn.map(|conn| self.real.rooms_of(conn));
                let heard = self.hider.act(&mut self.real, &self.setting, act);
                if is_granted(&heard) {
                    self.is_hidden = false;
                    self.come_back(&rooms.unwrap_or_default())?;
                }
                Ok(())
            }
            _ if self.is_hidden => self.in_secret(act),
            _ => self.in_the_open(act),
        }
    }

    fn login(&mut self, act: Act) -> Result<(), String> {
        let was_logged_in = self.hider.is_logged_in;
        let heard = self.hider.act(&mut self.real, &self.setting, act);
        let Some(now_is) = admitted(Face::Framed, &heard) else {
            if let Act::Login(name, Visibility::Visible) = act
                && !was_logged_in
            {
                let (origin, entropy) = self.hider.origin(&self.setting);
                let conn = self.twin.open(Face::Framed, origin, entropy);
                let (_, heard) = self.twin.ask(conn, login(name, false, None));
                self.twin.lose(conn);
                if admitted(Face::Framed, &heard).is_some() {
                    return Err("a login is refused that the twin admits".to_owned());
                }
            }
            return Ok(());
        };
        self.is_hidden = now_is.is_hidden;
        if !now_is.is_resumed {
            self.ghost.token = None;
        }
        if !now_is.is_hidden {
            let token = self.ghost.token;
            let welcome = self.admit(&now_is.nickname, token, None)?;
            if welcome.is_resumed != now_is.is_resumed {
                return Err(format!("admitted {now_is:?}, in the twin {welcome:?}"));
            }
        }
        self.name = now_is.nickname;
        Ok(())
    }

    /// What others may see: the ghost does the same.
    fn in_the_open(&mut self, act: Act) -> Result<(), String> {
        let heard = self.hider.act(&mut self.real, &self.setting, act);
        if act == Act::Hide {
            self.is_hidden = true;
            self.lose_ghost();
            return Ok(());
        }
        let (Some(conn), Some(request)) = (self.ghost.conn, act.request()) else {
            return Ok(());
        };
        let (_, in_twin) = self.twin.ask(conn, request);
        if in_twin.bytes != heard.bytes {
            return Err(format!(
                "the hider, seen by all, is told {heard:?}, in the twin {in_twin:?}"
            ));
        }
        match act {
            Act::Rename(name) if is_granted(&heard) => name.clone_into(&mut self.name),
            Act::Quit => self.lose_ghost(),
            _ => {}
        }
        Ok(())
    }

    /// What nobody sees is dropped; what is said is put in.
    fn in_secret(&mut self, act: Act) -> Result<(), String> {
        let heard = self.hider.act(&mut self.real, &self.setting, act);
        match act {
            Act::Rename(name) if is_granted(&heard) => name.clone_into(&mut self.name),
            Act::Say(conversation, text) if is_granted(&heard) => {
                let (origin, entropy) = self.hider.origin(&self.setting);
                let author =
                    Absent { nickname: &self.name, token: self.ghost.token, origin, entropy };
                let now = self.twin.now();
                let (router, ears) = self.twin.ears();
                self.ghost.token = router.inject(now, &author, conversation, 0, text, ears);
                if self.ghost.token.is_none() {
                    return Err("the twin has no such conversation".to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The ghost returns, and makes its name and rooms those of the real hider.
    fn come_back(&mut self, rooms: &[String]) -> Result<(), String> {
        let name = self.name.clone();
        // An empty name is none: where the session has ended, nothing comes of this.
        let resumed = match self.ghost.token {
            Some(token) => {
                self.ghost.returns += 1;
                let mut entropy = [255; 16];
                entropy[..8].copy_from_slice(&self.ghost.returns.to_be_bytes());
                self.admit("", Some(token), Some(entropy)).ok()
            }
            None => None,
        };
        let welcome = match resumed {
            Some(welcome) => welcome,
            None => self.admit(&name, None, None)?,
        };
        let Some(conn) = self.ghost.conn else {
            return Err("the twin's hider is not there".to_owned());
        };
        if welcome.nickname != name {
            let nickname = &name;
            self.ghost_asks(conn, ClientMessage::Rename { nickname })?;
        }
        let restored = self.twin.rooms_of(conn);
        for room in restored.iter().filter(|room| !rooms.contains(room)) {
            self.ghost_asks(conn, ClientMessage::Leave { room })?;
        }
        for room in rooms.iter().filter(|room| !restored.contains(room)) {
            self.ghost_asks(conn, join(room))?;
        }
        Ok(())
    }

    fn ghost_asks(&mut self, conn: ConnId, message: ClientMessage<'_>) -> Result<(), String> {
        let asked = format!("{message:?}");
        let (_, heard) = self.twin.ask(conn, message);
        if is_granted(&heard) {
            return Ok(());
        }
        let answer = heard.messages();
        Err(format!("the twin could not {asked}: {answer:?}"))
    }

    /// Logs the ghost in, from where the hider came in the real run.
    fn admit(
        &mut self,
        name: &str,
        token: Option<ResumeToken>,
        entropy: Option<[u8; 16]>,
    ) -> Result<Admitted, String> {
        let (origin, as_in_real): (Origin, _) = self.hider.origin(&self.setting);
        let entropy = entropy.unwrap_or(as_in_real);
        let conn = self.twin.open(Face::Framed, origin, entropy);
        let (_, heard) = self.twin.ask(conn, login(name, false, token));
        let Some(welcome) = admitted(Face::Framed, &heard) else {
            self.twin.lose(conn);
            return Err(format!("the twin admits nobody: {:?}", heard.messages()));
        };
        if let Some(old) = self.ghost.conn.replace(conn) {
            self.twin.lose(old);
        }
        self.ghost.token = Some(welcome.token);
        Ok(welcome)
    }

    fn lose_ghost(&mut self) {
        if let Some(conn) = self.ghost.conn.take() {
            self.twin.lose(conn);
        }
    }
}

fn is_granted(heard: &Heard) -> bool {
    let messages = heard.messages();
    let answer = messages.iter().rev().find(|(_, message)| {
        matches!(
            message,
            ServerMessage::Done
                | ServerMessage::Posted { .. }
                | ServerMessage::Joined { .. }
                | ServerMessage::Refused { .. }
        )
    });
    answer.is_some_and(|(_, message)| !matches!(message, ServerMessage::Refused { .. }))
}

//! Codecs for MQTT 3.1.1: what is posted to a room is published to a topic, at most once.

use std::hint::black_box;

use bytes::BytesMut;
use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::Event;
use mqtt_protocol_core::mqtt::packet::v3_1_1::{Connack, Connect, Publish};
use mqtt_protocol_core::mqtt::result_code::ConnectReturnCode;
use mqtt_protocol_core::mqtt::{Connection, Version, role};
use mqttbytes::{QoS, v4};

use super::{Reader, Writer};
use crate::by_hand::Said;

/// The longest packet.
const LIMIT: usize = 16 * 1024;

/// mqttbytes.
#[derive(Debug, Default)]
pub struct Mqttbytes {
    window: BytesMut,
    out: BytesMut,
}

impl Reader for Mqttbytes {
    fn post(text: &str) -> Vec<u8> {
        let mut out = BytesMut::new();
        let publish = v4::Publish::new("lobby", QoS::AtMostOnce, text);
        publish.write(&mut out).expect("it fits");
        out.to_vec()
    }

    fn read(&mut self, chunk: &[u8]) -> u64 {
        self.window.extend_from_slice(chunk);
        let mut posts = 0;
        loop {
            match v4::read(black_box(&mut self.window), LIMIT) {
                Ok(packet) => {
                    // The payload is for its user to read as text, as everywhere else.
                    if let v4::Packet::Publish(publish) = &packet {
                        black_box(std::str::from_utf8(&publish.payload).expect("UTF-8"));
                    }
                    black_box(packet);
                    posts += 1;
                }
                Err(mqttbytes::Error::InsufficientBytes(_)) => return posts,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

impl Writer for Mqttbytes {
    type Message<'a> = Said<'a>;

    fn message(said: Said<'_>) -> Said<'_> {
        said
    }

    fn write(&mut self, said: &Said<'_>) -> usize {
        self.out.clear();
        let publish = v4::Publish::new(said.name, QoS::AtMostOnce, said.text);
        publish.write(&mut self.out).expect("it fits");
        black_box(&mut self.out).len()
    }
}

/// mqtt-protocol-core, which does no I/O either: a server's connection.
pub struct MqttCore(Connection<role::Server>);

impl Default for MqttCore {
    fn default() -> Self {
        let mut connection = Connection::new(Version::V3_1_1);
        let connect = Connect::builder().client_id("user1234").expect("an id").build();
        let connect = connect.expect("a packet").to_continuous_buffer();
        connection.recv(&mut Cursor::new(&connect[..]));
        let connack =
            Connack::builder().session_present(false).return_code(ConnectReturnCode::Accepted);
        connection.send(connack.build().expect("a packet").into());
        Self(connection)
    }
}

impl std::fmt::Debug for MqttCore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MqttCore").finish_non_exhaustive()
    }
}

fn publish(topic: &str, text: &str) -> Publish {
    let publish = Publish::builder().topic_name(topic).expect("a topic");
    publish.payload(text).build().expect("a packet")
}

impl Reader for MqttCore {
    fn post(text: &str) -> Vec<u8> {
        publish("lobby", text).to_continuous_buffer()
    }

    fn read(&mut self, chunk: &[u8]) -> u64 {
        let mut cursor = Cursor::new(chunk);
        let mut posts = 0;
        while cursor.position() < chunk.len() as u64 {
            for event in self.0.recv(black_box(&mut cursor)) {
                match &event {
                    Event::NotifyPacketReceived(_) => posts += 1,
                    Event::NotifyError(error) => panic!("{error:?}"),
                    _ => {}
                }
                black_box(event);
            }
        }
        posts
    }
}

impl Writer for MqttCore {
    type Message<'a> = Said<'a>;

    fn message(said: Said<'_>) -> Said<'_> {
        said
    }

    fn write(&mut self, said: &Said<'_>) -> usize {
        let out = publish(said.name, said.text).to_continuous_buffer();
        black_box(&out).len()
    }
}

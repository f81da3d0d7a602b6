//! A client behind a real NAT router, and a server outside: each in a network of its own,
//! with three namespaces of the kernel. Nothing of this machine's own network is touched.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::Test;
use crate::harness::{Ended, Program, Scratch, sockdemo};

pub const TESTS: &[Test] = &[
    Test {
        name: "namespaces::a_server_outside_sees_the_address_of_the_router",
        needs: NEEDS,
        run: a_server_outside_sees_the_address_of_the_router,
    },
    Test {
        name: "namespaces::nobody_comes_in_without_a_rule_and_with_it_he_is_seen",
        needs: NEEDS,
        run: nobody_comes_in_without_a_rule_and_with_it_he_is_seen,
    },
    Test {
        name: "namespaces::a_firewall_can_say_no_in_three_ways",
        needs: NEEDS,
        run: a_firewall_can_say_no_in_three_ways,
    },
];

const NEEDS: &[&str] = &["ip", "nft", "root"];

const INSIDE: &str = "192.168.77.2";
const ROUTER: &str = "203.0.113.1";
const OUTSIDE: &str = "203.0.113.9";

/// How long a connect that nobody answers is to wait.
const LIMIT: &str = "1";

fn a_server_outside_sees_the_address_of_the_router() {
    let nets = Nets::new("seen");
    let mut server = nets.server("o", "203.0.113.9:7878");
    let client = nets.client("i", "203.0.113.9:7878", &[]);
    assert_eq!(client.code(), Some(0), "{client:?}");
    let told = server.wait_for_words("from 203.0.113.1:");
    assert!(!told.contains("from 192.168.77.2"), "{told}");
}

fn nobody_comes_in_without_a_rule_and_with_it_he_is_seen() {
    let nets = Nets::new("in");
    let mut server = nets.server("i", "192.168.77.2:7000");
    let outside = |addr: &str, word: &str| {
        let client = nets.client("o", addr, &["--connect-timeout", LIMIT]);
        assert_eq!(client.code(), Some(i32::from(!word.is_empty())), "{client:?}");
        assert!(client.stderr.contains(word), "{client:?}");
    };
    outside("203.0.113.1:7000", "refused"); // The router itself does not listen there.
    outside("192.168.77.2:7000", "unreachable"); // Nobody outside knows a way there.

    nets.rules(
        "table ip forwarding {
           chain before { type nat hook prerouting priority -100;
             iifname \"o\" tcp dport 7000 dnat to 192.168.77.2:7000
           }
         }",
    );
    outside("203.0.113.1:7000", "");
    server.wait_for_words("from 203.0.113.9:"); // The caller's own address.

    // A program that forwards is another way in, and then its address is seen.
    nets.rules("delete table ip forwarding");
    let mut server = nets.server("i", "192.168.77.2:7001");
    let words = ["forward", "203.0.113.1:7000", "192.168.77.2:7001"];
    let _forwarder = nets.listener("r", &words);
    outside("203.0.113.1:7000", "");
    server.wait_for_words("from 192.168.77.1:");

    // To rewrite is not to filter: a neighbour who knows the way comes in.
    ip(&format!("-n {} route add 192.168.77.0/24 via 203.0.113.1", nets.called("o")));
    outside("192.168.77.2:7001", "");
    server.wait_for_words("from 203.0.113.9:");
}

fn a_firewall_can_say_no_in_three_ways() {
    let nets = Nets::new("no");
    let _server = nets.server("o", "203.0.113.9:7878");
    let ways = [
        ("accept", ""),
        ("reject with tcp reset", "Connection refused"),
        ("reject with icmp type port-unreachable", "Connection refused"),
        ("reject with icmp type admin-prohibited", "No route to host"),
        ("drop", "timed out"),
    ];
    for (verdict, word) in ways {
        nets.rules(&format!(
            "table ip wall
             delete table ip wall
             table ip wall {{
               chain through {{ type filter hook forward priority 0;
                 iifname \"i\" tcp dport 7878 {verdict}
               }}
             }}"
        ));
        let begun = Instant::now();
        let limit = ["--connect-timeout", LIMIT];
        let client = nets.client("i", "203.0.113.9:7878", &limit);
        let refused = i32::from(!word.is_empty());
        assert_eq!(client.code(), Some(refused), "{verdict}: {client:?}");
        assert!(client.stderr.contains(word), "{verdict}: {client:?}");
        let waited = begun.elapsed() >= Duration::from_secs(1);
        assert!(waited || verdict != "drop", "silence lasts as long as the caller waits");
    }
}

/// Three namespaces: inside, the router, outside. They go when this does.
struct Nets {
    name: String,
}

impl Nets {
    fn new(test: &str) -> Nets {
        let nets = Nets { name: format!("sockdemo-{}-{test}", std::process::id()) };
        let [i, r, o] = ["i", "r", "o"].map(|which| nets.called(which));
        for net in [&i, &r, &o] {
            ip(&format!("netns add {net}"));
            ip(&format!("-n {net} link set lo up"));
        }
        ip(&format!("-n {r} link add i type veth peer name e netns {i}"));
        ip(&format!("-n {r} link add o type veth peer name e netns {o}"));
        let ends = [
            (&i, "e", INSIDE),
            (&r, "i", "192.168.77.1"),
            (&r, "o", ROUTER),
            (&o, "e", OUTSIDE),
        ];
        for (net, interface, addr) in ends {
            ip(&format!("-n {net} addr add {addr}/24 dev {interface}"));
            ip(&format!("-n {net} link set {interface} up"));
        }
        ip(&format!("-n {i} route add default via 192.168.77.1"));
        let on = ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"];
        assert!(nets.command("r", &on).status().unwrap().success());
        nets.rules(
            "table ip nat {
               chain after { type nat hook postrouting priority 100;
                 oifname \"o\" masquerade
               }
             }",
        );
        nets
    }

    fn called(&self, which: &str) -> String {
        format!("{}-{which}", self.name)
    }

    fn command(&self, net: &str, words: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.called(net)]).args(words);
        command
    }

    fn rules(&self, rules: &str) {
        let file = Scratch::containing(&format!("{rules}\n"));
        let set = self.command("r", &["nft", "-f", file.path()]).output().unwrap();
        assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    }

    fn server(&self, net: &str, addr: &str) -> Program {
        self.listener(net, &["tcp-server", addr])
    }

    /// A program that has said that it listens.
    fn listener(&self, net: &str, words: &[&str]) -> Program {
        let mut program = Program::run(self.sockdemo(net, words));
        program.addr();
        program
    }

    fn client(&self, net: &str, addr: &str, words: &[&str]) -> Ended {
        let typed = ["tcp-client", addr, "--message", "hi"];
        Program::run(self.sockdemo(net, &[&typed, words].concat())).end()
    }

    fn sockdemo(&self, net: &str, words: &[&str]) -> Command {
        self.command(net, &[&[sockdemo()], words].concat())
    }
}

impl Drop for Nets {
    fn drop(&mut self) {
        for which in ["i", "r", "o"] {
            let called = self.called(which);
            let _ = Command::new("ip").args(["netns", "del", &called]).output();
        }
    }
}

fn ip(words: &str) {
    let made = Command::new("ip").args(words.split(' ')).output().unwrap();
    assert!(made.status.success(), "{words}: {}", String::from_utf8_lossy(&made.stderr));
}

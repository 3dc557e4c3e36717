//! Where the play is shown: a picture on a terminal that has room for it, lines everywhere else.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use helpline_simulator::scene::News;
use helpline_simulator::screen::{LEAST, Picture};
use helpline_simulator::speed::Speed;
use terminal_size::{Height, Width, terminal_size_of};

const REDRAW: Duration = Duration::from_millis(500);
const LINE: Duration = Duration::from_secs(2);

/// Standard output.
pub(crate) struct Output {
    picture: Picture,
    /// Whether it is a terminal that can be drawn on and nobody asked for lines.
    is_screen: bool,
    /// Draws since the last line.
    since_line: u32,
}

impl Output {
    /// With lines alone if they are asked for.
    pub(crate) fn new(speed: Speed, plain: bool) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "what a terminal can do is said by its environment alone"
        )]
        let is_dumb = std::env::var_os("TERM").is_none_or(|name| name.is_empty() || name == "dumb");
        let is_screen = !plain && !is_dumb && std::io::stdout().is_terminal();
        Self { picture: Picture::new(speed), is_screen, since_line: 0 }
    }

    /// How often it is drawn.
    pub(crate) fn interval(&self) -> Duration {
        if self.is_screen { REDRAW } else { LINE }
    }

    /// What is drawn.
    pub(crate) fn picture(&mut self) -> &mut Picture {
        &mut self.picture
    }

    /// Tells what happened. Between lines that is what happens in emergencies and referrals: the rest would be too much.
    pub(crate) fn tell(&mut self, news: &News) {
        if self.rows().is_none() && news.is_story() {
            print(&format!("{news}\n"));
        }
        self.picture.add_news(news);
    }

    /// Says something to who watches.
    pub(crate) fn remark(&mut self, remark: &'static str) {
        if self.rows().is_none() {
            print(&format!("{remark}\n"));
        }
        self.picture.set_remark(remark);
    }

    /// Draws what there is now. A terminal that was made too small for the picture gets lines until it is larger again.
    pub(crate) fn draw(&mut self, now: f64) {
        if let Some(rows) = self.rows() {
            print(&self.picture.redraw(now, rows));
            return;
        }
        self.since_line += 1;
        if self.interval() * self.since_line >= LINE {
            self.since_line = 0;
            print(&format!("{}\n", self.picture.one_line(now)));
        }
    }

    /// The rows of the terminal; none when there is no room for a picture.
    fn rows(&self) -> Option<u16> {
        let (Width(width), Height(rows)) = terminal_size_of(std::io::stdout()).filter(|_| self.is_screen)?;
        (width >= LEAST.0 && rows >= LEAST.1).then_some(rows)
    }
}

fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    // When the terminal is gone there is nobody left to tell.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

//! One line of metrics for each invocation, in CloudWatch's embedded metric
//! format: CloudWatch makes metrics of what stands in a log, so nobody needs a
//! permission, a call or a wait for them.
//!
//! A counter that was not hit is not in the line, and a metric that no line
//! names costs nothing. `docs/metrics.md` has every name.
#![expect(unused_qualifications, reason = "metrique's macro spells every path out")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use metrique::CloseValue;
use metrique::emf::{Emf, EntryDimensions};
use metrique::timers::Timer;
use metrique::unit::Millisecond;
use metrique::unit_of_work::metrics;
use metrique::writer::sink::FlushImmediately;
use metrique::writer::unit::{AsCount, AsSeconds, UnitTag};
use metrique::writer::{
    AnyEntrySink as _, BoxEntrySink, Entry, EntryWriter, FormatExt, MetricFlags, Observation, Value, ValueWriter,
};
use nightshift_core::tally::{Count, Delivered, Tally};

/// The namespace of all metrics of Nightshift.
pub const NAMESPACE: &str = "Nightshift";

/// How long an invocation ran, in milliseconds.
pub const INVOCATION_TIME: &str = "InvocationTime";

/// How long each AWS call took, in milliseconds.
pub const AWS_CALL_TIME: &str = "AwsCallTime";

/// Whose metrics they are, and where they go.
#[derive(Clone, Debug)]
pub struct Metrics {
    stack: String,
    function: &'static str,
    sink: BoxEntrySink,
}

impl Metrics {
    /// The metrics of one function of one stack, written to `output` line by
    /// line, each before its invocation ends: Lambda stops the process then.
    pub fn new(stack: String, function: &'static str, output: impl io::Write + Send + Sync + 'static) -> Self {
        // Each kind of line names its own dimensions.
        let lines = Emf::builder(NAMESPACE.to_owned(), vec![Vec::new()]).build().output_to(output);
        Self { stack, function, sink: FlushImmediately::new_boxed(lines) }
    }

    /// An invocation that begins. Its line is written when it is dropped, with
    /// what stands in `tally` by then: a panic cannot lose it.
    pub fn invocation(&self, request: String, now: Timestamp, tally: &Tally) -> InvocationGuard {
        let invocation = Invocation {
            at: now.into(),
            stack: self.stack.clone(),
            function: self.function,
            request,
            ended: Ended::Died,
            invocation_time: Timer::start_now(),
            counted: Counted(tally.clone()),
        };
        invocation.append_on_drop(self.sink.clone())
    }

    /// Writes how services were delivered, a line for each, and takes it from
    /// the tally. To be called once an invocation has come to its end: its
    /// retry would write them again.
    pub fn delivered(&self, now: Timestamp, tally: &Tally) {
        for delivered in tally.take_delivered() {
            self.sink.append_any(DeliveryLine { at: now.into(), delivered });
        }
    }
}

/// An invocation as its line tells it.
#[metrics(rename_all = "PascalCase", emf::dimension_sets = [["Stack", "Function"]])]
#[derive(Debug)]
pub struct Invocation {
    #[metrics(timestamp)]
    at: SystemTime,
    stack: String,
    function: &'static str,
    request: String,
    ended: Ended,
    #[metrics(unit = Millisecond)]
    invocation_time: Timer,
    #[metrics(flatten_entry)]
    counted: Counted,
}

impl Invocation {
    /// Notes how it ended.
    pub fn ends(&mut self, ended: Ended) {
        self.ended = ended;
    }
}

/// How an invocation ended.
#[metrics(value(string))]
#[derive(Clone, Copy, Debug)]
pub enum Ended {
    /// With a report.
    Done,
    /// With an error: Lambda delivers the event again.
    Failed,
    /// It panicked, or was dropped.
    Died,
}

/// What an invocation counts, read when its line is written.
#[derive(Debug)]
struct Counted(Tally);

impl CloseValue for Counted {
    type Closed = Closed;

    fn close(self) -> Closed {
        Closed(self.0.take())
    }
}

/// A count with its names.
#[derive(Debug)]
struct Closed(Count);

impl Entry for Closed {
    fn write<'a>(&'a self, writer: &mut impl EntryWriter<'a>) {
        for (counter, times) in &self.0.times {
            writer.value(counter.to_string(), &AsCount::from(*times));
        }
        writer.value(AWS_CALL_TIME, &Durations(&self.0.calls));
        for (topic, names) in &self.0.topics {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            writer.value(format!("{topic:?}"), &names.join(" "));
        }
    }
}

/// How one service was delivered, as its line tells it.
#[derive(Debug)]
struct DeliveryLine {
    at: SystemTime,
    delivered: Delivered,
}

/// What a service without a tag is in: CloudWatch takes no empty dimension.
const NO_ENVIRONMENT: &str = "none";

impl Entry for DeliveryLine {
    fn write<'a>(&'a self, writer: &mut impl EntryWriter<'a>) {
        const SERVICE: &[Cow<'static, str>] = &[Cow::Borrowed("Service"), Cow::Borrowed("Environment")];
        let Delivered { service, environment, measures } = &self.delivered;
        writer.timestamp(self.at);
        writer.config(const { &EntryDimensions::new_static(&[Cow::Borrowed(SERVICE)]) });
        writer.value("Service", service);
        writer.value("Environment", environment.as_deref().unwrap_or(NO_ENVIRONMENT));
        for (measure, value) in measures {
            if measure.is_time() {
                writer.value(measure.to_string(), &AsSeconds::from(*value));
            } else {
                writer.value(measure.to_string(), &AsCount::from(*value));
            }
        }
    }
}

/// Many durations under one name.
struct Durations<'a>(&'a [Duration]);

/// CloudWatch takes so many different values of one metric in a line.
const MOST_VALUES: usize = 100;

impl Value for Durations<'_> {
    fn write(&self, writer: impl ValueWriter) {
        let mut alike = self.alike(|millis| millis);
        if alike.len() > MOST_VALUES {
            alike = self.alike(three_bits);
        }
        if alike.is_empty() {
            return;
        }
        let observed = alike.into_iter().map(|(millis, occurrences)| match occurrences {
            1 => Observation::Unsigned(millis),
            _ => Observation::Repeated { total: millis.saturating_mul(occurrences) as f64, occurrences },
        });
        writer.metric(observed, Millisecond::UNIT, [], MetricFlags::empty());
    }
}

impl Durations<'_> {
    /// How often each duration occurs, in milliseconds as `rounded` says.
    fn alike(&self, rounded: impl Fn(u64) -> u64) -> BTreeMap<u64, u64> {
        let mut alike = BTreeMap::new();
        for took in self.0 {
            let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            *alike.entry(rounded(millis)).or_default() += 1;
        }
        alike
    }
}

/// The number with all but its three highest bits zero: up to a minute that
/// leaves some sixty different values, each at most a fifth too small.
fn three_bits(number: u64) -> u64 {
    let lower = (u64::BITS - number.leading_zeros()).saturating_sub(3);
    number >> lower << lower
}

#[cfg(test)]
mod tests;

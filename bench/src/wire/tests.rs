use hyper::header::HeaderValue;

use super::*;

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn signed(service: &str, more: &[(&'static str, &str)]) -> HeaderMap {
    let credential = format!("AWS4-HMAC-SHA256 Credential=AKIA/20261120/eu-west-1/{service}/aws4_request, Signature=0");
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(&credential).unwrap());
    for (name, value) in more {
        headers.insert(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[track_caller]
fn check(path: &str, headers: &HeaderMap, body: &[u8], expect: (&str, Protocol, Value)) {
    let asked = asked(path, headers, body);
    assert_eq!((asked.operation.as_str(), asked.protocol, asked.input), expect);
}

#[test]
fn a_request_is_known_in_every_protocol() {
    let target = [("x-amz-target", "AmazonEC2ContainerServiceV20141113.UpdateService")];
    check("/", &signed("ecs", &target), br#"{"a":1}"#, ("ecs:UpdateService", Protocol::Json, json!({ "a": 1 })));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let input = json!({ "Action": "Publish", "Subject": "a b&c" });
    check("/", &signed("sns", &form), b"Action=Publish&Subject=a+b%26c", ("sns:Publish", Protocol::Query, input));
    let listed = json!({ "Action": "Do", "Q": [{ "Id": "m0", "D": ["a", "b"] }] });
    let form_of = b"Action=Do&Q.member.1.Id=m0&Q.member.1.D.member.1=a&Q.member.1.D.member.2=b";
    check("/", &signed("sns", &form), form_of, ("sns:Do", Protocol::Query, listed));
    let path = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms";
    let input = json!({ "StateValue": "ALARM" });
    let body = cbor::write(&input, now());
    check(path, &signed("monitoring", &[]), &body, ("cloudwatch:DescribeAlarms", Protocol::Cbor, input));
    check("/schedules/t", &signed("scheduler", &[]), b"{}", ("scheduler:CreateSchedule", Protocol::Rest, json!({})));
    check("/buckets", &signed("s3", &[]), b"", ("s3:?", Protocol::Rest, Value::Null));
}

#[test]
fn a_moment_is_relative_or_absolute_and_all_else_is_text() {
    let at = |text: &str| moment(text, now()).map(Timestamp::as_second);
    assert_eq!(at("@-7m"), Some(1_790_000_000 - 420));
    assert_eq!(at("@0s"), Some(1_790_000_000));
    assert_eq!(at("@=60"), Some(60));
    assert_eq!([at("@home"), at("7m"), at("@"), at("")], [None; 4]);
}

#[test]
fn one_answer_goes_out_in_every_protocol() {
    let answer = json!({ "list": [{ "at": "@=60", "says": "a<b" }], "n": 1.5 });
    let out = |protocol| {
        let asked = Asked { operation: "x:Do".into(), protocol, input: Value::Null };
        answered(&asked, &answer, now()).1
    };
    assert_eq!(out(Protocol::Json), br#"{"list":[{"at":60.0,"says":"a<b"}],"n":1.5}"#);
    let xml = String::from_utf8(out(Protocol::Query)).unwrap();
    assert!(xml.contains("<DoResult><list><member><at>1970-01-01T00:01:00Z</at><says>a&lt;b</says></member></list>"));
    assert_eq!(cbor::read(&out(Protocol::Cbor)), json!({ "list": [{ "at": 60.0, "says": "a<b" }], "n": 1.5 }));
}

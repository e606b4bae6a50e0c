//! AWS Cost Explorer. It answers in one region for all of them, and each page
//! of an answer is paid for.

mod pages;
mod query;
mod read;

use aws_sdk_costexplorer::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_costexplorer::types::{AnomalyDateInterval, Granularity as Length};
use futures_util::FutureExt as _;
use jiff::civil::Date;
use nightshift_core::cost::{CostAnomaly, CostMetric, CostQuery, Costs, Forecast};
use nightshift_core::ports::{Answer, CostReads};

use crate::client::Account;
use crate::fault::{code, unreadable};
use pages::{all_pages, met};
use query::{expression, grouping, interval, length, metric_of_forecast};

const USAGE: &str = "ce:GetCostAndUsage";
const FORECAST: &str = "ce:GetCostForecast";
const ANOMALIES: &str = "ce:GetAnomalies";
const TAGS: &str = "ce:GetTags";
/// A forecast is this sure of its interval, in per cent.
const SURE: i32 = 80;

impl CostReads for Account {
    async fn costs(&self, query: &CostQuery) -> Answer<Costs> {
        let span = format!("{} to {}", query.from, query.to);
        let request = self.costs.get_cost_and_usage();
        let request = request
            .time_period(interval(USAGE, query.from, query.to)?)
            .granularity(length(query.granularity))
            .metrics(query::metric(query.metric))
            .set_group_by(Some(query.by.iter().map(grouping).collect()).filter(|by: &Vec<_>| !by.is_empty()))
            .set_filter(expression(query));
        let (pages, requests) = all_pages(USAGE, &span, |token| {
            let page = request.clone().set_next_page_token(token).send();
            async move {
                let page = page.await?;
                let next = page.next_page_token().map(ToOwned::to_owned);
                Ok::<_, SdkError<_, _>>((page.results_by_time, next))
            }
        })
        .await?;
        let results: Vec<_> = pages.into_iter().flatten().flatten().collect();
        let periods = read::periods(query, &results).map_err(|what| unreadable(USAGE, span, what))?;
        Ok(Costs { periods, requests })
    }

    async fn forecast(&self, metric: CostMetric, today: Date) -> Answer<Forecast> {
        let end = query::end_of_forecast(today);
        let span = format!("{today} to {end}");
        // Of days, each would have an interval of its own, and none the sum.
        let request = self.costs.get_cost_forecast().granularity(Length::Monthly).prediction_interval_level(SURE);
        let request = request.metric(metric_of_forecast(metric)).time_period(interval(FORECAST, today, end)?);
        match request.send().boxed().await {
            Ok(found) => read::forecast(&found, end).map_err(|what| unreadable(FORECAST, span, what)),
            Err(error) => {
                let says = error.as_service_error().and_then(|error| error.message()).unwrap_or_default();
                let too_little = says.to_lowercase().contains("insufficient");
                if code(&error) == Some("DataUnavailableException") && too_little {
                    return Ok(Forecast::TooLittleData { says: says.to_owned() });
                }
                Err(met(FORECAST, &span, &error))
            }
        }
    }

    async fn anomalies(&self, from: Date, to: Date) -> Answer<Vec<CostAnomaly>> {
        let span = format!("{from} to {to}");
        let wrong = |what: String| unreadable(ANOMALIES, span.clone(), what);
        // Here AWS takes the last day among them.
        let last = to.yesterday().map_err(|error| wrong(error.to_string()))?;
        let days = AnomalyDateInterval::builder().start_date(from.to_string()).end_date(last.to_string()).build();
        let request = self.costs.get_anomalies().date_interval(days.map_err(|error| wrong(error.to_string()))?);
        let (pages, _) = all_pages(ANOMALIES, &span, |token| {
            let page = request.clone().set_next_page_token(token).send();
            async move {
                let page = page.await?;
                let next = page.next_page_token().map(ToOwned::to_owned);
                Ok::<_, SdkError<_, _>>((page.anomalies, next))
            }
        })
        .await?;
        let mut found = pages.iter().flatten().map(read::anomaly).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        found.sort_by(|a, b| (a.from, &a.id).cmp(&(b.from, &b.id)));
        Ok(found)
    }

    async fn tag_values(&self, key: &str, from: Date, to: Date) -> Answer<Vec<String>> {
        let request = self.costs.get_tags().tag_key(key).time_period(interval(TAGS, from, to)?);
        let (pages, _) = all_pages(TAGS, key, |token| {
            let page = request.clone().set_next_page_token(token).send();
            async move {
                let page = page.await?;
                let next = page.next_page_token().map(ToOwned::to_owned);
                Ok::<_, SdkError<_, _>>((page.tags, next))
            }
        })
        .await?;
        let mut values: Vec<String> = pages.into_iter().flatten().filter(|value| !value.is_empty()).collect();
        values.sort();
        values.dedup();
        Ok(values)
    }
}

//! Timers and what people are told.

use nightshift_core::notice::Notice;
use nightshift_core::ports::{Answer, NoticeWrites, TimerWrites};
use nightshift_core::tally::{Counter, Family, Tallied};
use nightshift_core::timer::Timer;

use crate::account::{Account, Delivery};

impl TimerWrites for Account {
    async fn set_timer(&self, timer: &Timer) -> Answer<()> {
        self.write("scheduler:CreateSchedule", timer.name.clone(), |state| {
            state.set_timer(timer);
            Ok(())
        })
        .await
    }
}

impl NoticeWrites for Account {
    async fn publish(&self, notice: &Notice) -> Answer<()> {
        self.publish_to("notices", Delivery::Notice(notice.clone())).await?;
        self.tally().told(notice);
        Ok(())
    }

    async fn page_plainly(&self, subject: &str, text: &str) -> Answer<()> {
        let page = Delivery::PlainPage { subject: subject.to_owned(), text: text.to_owned() };
        self.publish_to("pages", page).await?;
        self.tally().add(Counter::all(Family::PlainPage));
        Ok(())
    }
}

impl Account {
    async fn publish_to(&self, topic: &str, delivery: Delivery) -> Answer<()> {
        self.write("sns:Publish", topic, |state| {
            state.told.push(delivery.clone());
            let now = state.now;
            state.queue(now, delivery);
            Ok(())
        })
        .await
    }
}

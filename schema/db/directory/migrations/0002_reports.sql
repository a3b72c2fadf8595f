CREATE TABLE `reports` (
	`report_id` text PRIMARY KEY NOT NULL,
	`reporter` text NOT NULL,
	`received_at_ms` integer NOT NULL,
	`sealed` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `reports_reporter` ON `reports` (`reporter`,`received_at_ms`);
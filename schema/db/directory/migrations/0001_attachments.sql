CREATE TABLE `attachments` (
	`conversation_id` text NOT NULL,
	`attachment_id` text NOT NULL,
	`account_id` text NOT NULL,
	`blob_bytes` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	PRIMARY KEY(`conversation_id`, `attachment_id`)
);
--> statement-breakpoint
CREATE TABLE `media_usage` (
	`account_id` text PRIMARY KEY NOT NULL,
	`bytes` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `upload_parts` (
	`conversation_id` text NOT NULL,
	`attachment_id` text NOT NULL,
	`part` integer NOT NULL,
	`etag` text NOT NULL,
	PRIMARY KEY(`conversation_id`, `attachment_id`, `part`)
);
--> statement-breakpoint
CREATE TABLE `uploads` (
	`conversation_id` text NOT NULL,
	`attachment_id` text NOT NULL,
	`account_id` text NOT NULL,
	`upload_id` text NOT NULL,
	`blob_bytes` integer NOT NULL,
	`touched_at_ms` integer NOT NULL,
	PRIMARY KEY(`conversation_id`, `attachment_id`)
);
--> statement-breakpoint
CREATE INDEX `uploads_account` ON `uploads` (`account_id`);--> statement-breakpoint
CREATE INDEX `uploads_touched` ON `uploads` (`touched_at_ms`);
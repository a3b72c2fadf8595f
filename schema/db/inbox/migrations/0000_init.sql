CREATE TABLE `account` (
	`account_id` text PRIMARY KEY NOT NULL,
	`username` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`epoch` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `alarms` (
	`name` text PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`attempts` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `bundle_fetches` (
	`requester` text PRIMARY KEY NOT NULL,
	`window_started_at_ms` integer NOT NULL,
	`count` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `conversations` (
	`conversation_id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`peer_account` text NOT NULL,
	`peer_username` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL,
	`last_seq` integer NOT NULL,
	`read_seq` integer NOT NULL,
	`unread` integer NOT NULL,
	`visible` integer NOT NULL,
	`last_message` text,
	`receipts` text NOT NULL,
	`peer_epoch` integer NOT NULL,
	`told_epoch` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `conversations_recent` ON `conversations` (`updated_at_ms`,`conversation_id`);--> statement-breakpoint
CREATE INDEX `conversations_peer` ON `conversations` (`peer_account`);--> statement-breakpoint
CREATE TABLE `device_lists` (
	`version` integer PRIMARY KEY NOT NULL,
	`list` text NOT NULL,
	`hash` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `device_messages` (
	`device` integer NOT NULL,
	`position` integer NOT NULL,
	`sender_account` text NOT NULL,
	`sender_device` integer NOT NULL,
	`id` text NOT NULL,
	`data` text,
	`server_time_ms` integer NOT NULL,
	PRIMARY KEY(`device`, `position`)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `device_messages_idempotency` ON `device_messages` (`device`,`id`,`sender_account`,`sender_device`);--> statement-breakpoint
CREATE TABLE `devices` (
	`device` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`certificate` text NOT NULL,
	`active` integer NOT NULL,
	`sign_out` text,
	`barred` integer NOT NULL,
	`enrolled_at_ms` integer NOT NULL,
	`last_position` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `ended_sessions` (
	`session_id` text PRIMARY KEY NOT NULL,
	`epoch` integer NOT NULL,
	`ended_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `one_time_prekeys` (
	`device` integer NOT NULL,
	`kind` text NOT NULL,
	`key_id` integer NOT NULL,
	`data` text,
	`changed_at_ms` integer NOT NULL,
	PRIMARY KEY(`device`, `kind`, `key_id`)
);
--> statement-breakpoint
CREATE TABLE `receipt_outbox` (
	`conversation_id` text NOT NULL,
	`device` integer NOT NULL,
	`delivered` integer NOT NULL,
	`read` integer NOT NULL,
	PRIMARY KEY(`conversation_id`, `device`)
);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`session_id` text PRIMARY KEY NOT NULL,
	`device` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`current_hashes` text NOT NULL,
	`previous_hash` text,
	`rotated_at_ms` integer NOT NULL,
	`last_active_day_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `signed_prekeys` (
	`device` integer PRIMARY KEY NOT NULL,
	`signed_prekey` text NOT NULL,
	`last_resort` text NOT NULL,
	`created_at_ms` integer NOT NULL
);

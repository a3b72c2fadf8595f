CREATE TABLE `alarms` (
	`name` text PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`attempts` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `conversation` (
	`conversation_id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`archive_shard` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`archived_seq` integer NOT NULL,
	`swept_seq` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `devices` (
	`account` text NOT NULL,
	`device` integer NOT NULL,
	`active` integer NOT NULL,
	`delivered_seq` integer NOT NULL,
	PRIMARY KEY(`account`, `device`)
);
--> statement-breakpoint
CREATE TABLE `ended_sessions` (
	`session_id` text PRIMARY KEY NOT NULL,
	`ended_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `members` (
	`account` text PRIMARY KEY NOT NULL,
	`username` text NOT NULL,
	`position` integer NOT NULL,
	`list_version` integer NOT NULL,
	`set_epoch` integer NOT NULL,
	`read_seq` integer NOT NULL,
	`notified_seq` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `messages` (
	`seq` integer PRIMARY KEY NOT NULL,
	`sender_account` text NOT NULL,
	`sender_device` integer NOT NULL,
	`client_message_id` text NOT NULL,
	`server_time_ms` integer NOT NULL,
	`body` text NOT NULL,
	`capsules` text,
	`first_member_count` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `messages_idempotency` ON `messages` (`client_message_id`,`sender_account`,`sender_device`);
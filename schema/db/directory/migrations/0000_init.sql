CREATE TABLE `accounts` (
	`account_id` text PRIMARY KEY NOT NULL,
	`username` text NOT NULL,
	`server_salt` text NOT NULL,
	`auth_hash` text NOT NULL,
	`client_salt` text NOT NULL,
	`argon2_memory_kib` integer NOT NULL,
	`argon2_passes` integer NOT NULL,
	`vault_version` integer NOT NULL,
	`vault_data` text NOT NULL,
	`vault_wraps` text NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `accounts_username` ON `accounts` (`username`);--> statement-breakpoint
CREATE TABLE `conversation_members` (
	`account_id` text NOT NULL,
	`conversation_id` text NOT NULL,
	PRIMARY KEY(`account_id`, `conversation_id`)
);
--> statement-breakpoint
CREATE TABLE `conversations` (
	`conversation_id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`pair_key` text NOT NULL,
	`archive_shard` integer NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `conversations_pair` ON `conversations` (`pair_key`);--> statement-breakpoint
CREATE TABLE `login_attempts` (
	`name_tag` text PRIMARY KEY NOT NULL,
	`failures` integer NOT NULL,
	`window_started_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `login_attempts_window` ON `login_attempts` (`window_started_at_ms`);
ALTER TABLE `account` ADD `presence` text DEFAULT 'contacts' NOT NULL;--> statement-breakpoint
ALTER TABLE `account` ADD `last_seen_ms` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `conversations` ADD `accepted` integer DEFAULT 0 NOT NULL;
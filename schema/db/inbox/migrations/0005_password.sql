ALTER TABLE `account` ADD `password_changed_at_ms` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `account` ADD `password_changed_by` integer DEFAULT 0 NOT NULL;
ALTER TABLE `accounts` ADD `recovery_salt` text;--> statement-breakpoint
ALTER TABLE `accounts` ADD `recovery_hash` text;
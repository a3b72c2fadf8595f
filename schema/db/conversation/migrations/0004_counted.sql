ALTER TABLE `members` DROP COLUMN `position`;--> statement-breakpoint
ALTER TABLE `members` DROP COLUMN `notified_seq`;--> statement-breakpoint
ALTER TABLE `members` DROP COLUMN `read_count`;--> statement-breakpoint
ALTER TABLE `messages` DROP COLUMN `first_member_count`;
CREATE TABLE `ids` (
	`row` integer PRIMARY KEY NOT NULL,
	`ids` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `log` (
	`first_seq` integer PRIMARY KEY NOT NULL,
	`last_seq` integer NOT NULL,
	`ids` text NOT NULL,
	`heads` text NOT NULL,
	`bodies` text NOT NULL
);
--> statement-breakpoint
INSERT INTO `log` SELECT `seq`, `seq`, `client_message_id`, `sender_account` || '.' || `sender_device` || '.' || `server_time_ms` || '.' || `content` || '.' || `silent_count` || '.' || `devices`, `body` FROM `messages` ORDER BY `seq`;
--> statement-breakpoint
INSERT INTO `ids` SELECT (`seq` - 1) / 128, replace(hex(zeroblob((min(`seq`) - 1) % 128)), '00', ',') || group_concat(`client_message_id`, ',') FROM (SELECT `seq`, `client_message_id` FROM `messages` ORDER BY `seq`) GROUP BY (`seq` - 1) / 128;

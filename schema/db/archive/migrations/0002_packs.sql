CREATE TABLE `archived_packs` (
	`conversation_id` text NOT NULL,
	`first_seq` integer NOT NULL,
	`last_seq` integer NOT NULL,
	`ids` text NOT NULL,
	`heads` text NOT NULL,
	`bodies` text NOT NULL,
	PRIMARY KEY(`conversation_id`, `first_seq`)
);

--> statement-breakpoint
INSERT INTO `archived_packs` SELECT `conversation_id`, `seq`, `seq`, `client_message_id`, `sender_account` || '.' || `sender_device` || '.' || `server_time_ms`, `body` FROM `archived_messages`;

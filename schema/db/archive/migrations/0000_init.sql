CREATE TABLE `archived_messages` (
	`conversation_id` text NOT NULL,
	`seq` integer NOT NULL,
	`sender_account` text NOT NULL,
	`sender_device` integer NOT NULL,
	`client_message_id` text NOT NULL,
	`server_time_ms` integer NOT NULL,
	`body` text NOT NULL,
	PRIMARY KEY(`conversation_id`, `seq`)
);

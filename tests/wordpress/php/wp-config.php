<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:' . getenv('WORDPRESS_SOCKET'));
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('WP_HOME', getenv('WORDPRESS_HOME'));
define('WP_SITEURL', getenv('WORDPRESS_HOME'));
define('WP_CONTENT_DIR', ABSPATH . 'wp-content');
define('WP_AUTO_UPDATE_CORE', false);
define('DISABLE_WP_CRON', true);  // It asks the site itself over HTTP.
$table_prefix = 'wp_';

if (str_starts_with(WP_HOME, 'https:')) {
    $_SERVER['HTTPS'] = 'on';  // As a server behind a proxy that speaks TLS is set up.
}

function wp_mail() {
    return true;  // Nobody to write to.
}

require_once ABSPATH . 'wp-settings.php';

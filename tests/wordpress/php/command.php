<?php
// Changes to the site: [{"do": NAME, …}, …] as JSON on standard input; what the last one gives as JSON on standard output.
$changes = json_decode(file_get_contents('php://stdin'), true, flags: JSON_THROW_ON_ERROR);
$_SERVER += ['HTTP_HOST' => parse_url(getenv('WORDPRESS_HOME'), PHP_URL_HOST), 'REQUEST_URI' => '/', 'REQUEST_METHOD' => 'GET'];
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
define('ABSPATH', getenv('WORDPRESS_FOLDER') . '/');  // Its files are links, which PHP resolves to Debian's folder.
define('WP_INSTALLING', $changes[0]['do'] === 'install');
require ABSPATH . 'wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/image.php';
ini_set('display_errors', 'stderr');

// What is put in by hand is left as it is written: no markup taken out, no moment and no state made up.
kses_remove_filters();
add_filter('wp_insert_post_data', fn($row, $given) => ($given['kept'] ?? []) + $row, 10, 2);

function install($asked) {
    global $wp_rewrite, $wpdb;
    wp_install($asked['name'], 'editor', 'editor@example.org', true, '', 'password');
    wp_installing(false);
    foreach ($asked['options'] as $name => $value) {
        update_option($name, $value);
    }
    switch_theme($asked['theme']);
    $wp_rewrite->init();
    flush_rewrite_rules(false);
    foreach (get_posts(['post_type' => ['post', 'page'], 'post_status' => 'any', 'numberposts' => -1]) as $sample) {
        wp_delete_post($sample->ID, true);
    }
    $wpdb->query("ALTER TABLE $wpdb->posts AUTO_INCREMENT = 100000");  // Revisions come after all that has an id of its own.
}

function authors($asked) {
    foreach ($asked['authors'] as ['login' => $login, 'name' => $name]) {
        $id = wp_insert_user(['user_login' => $login, 'user_pass' => $login, 'display_name' => $name, 'role' => 'author']);
        is_wp_error($id) and throw new Exception($id->get_error_message());
    }
}

function categories($asked) {
    foreach ($asked['categories'] as ['slug' => $slug, 'name' => $name]) {
        $term = wp_insert_term($name, 'category', ['slug' => $slug]);
        is_wp_error($term) and throw new Exception($term->get_error_message());
    }
}

function pictures($asked) {
    $folder = wp_upload_dir($asked['month'])['path'];
    $date = str_replace('/', '-', $asked['month']) . '-01 09:00:00';
    foreach ($asked['pictures'] as $at => $picture) {
        $file = "$folder/{$picture['name']}";
        $canvas = imagecreatetruecolor(1200, 800);
        imagefill($canvas, 0, 0, imagecolorallocate($canvas, 20 * $at % 256, 120, 160));
        imagejpeg($canvas, $file);
        $row = [
            'import_id' => $picture['id'], 'post_title' => pathinfo($file, PATHINFO_FILENAME),
            'post_excerpt' => $picture['caption'], 'post_mime_type' => 'image/jpeg', 'post_date' => $date,
        ];
        $id = wp_insert_attachment(wp_slash($row), $file, 0, true);
        $id === $picture['id'] or throw new Exception("picture {$picture['name']} was put in as " . print_r($id, true));
        wp_update_attachment_metadata($id, wp_generate_attachment_metadata($id, $file));
        update_post_meta($id, '_wp_attachment_image_alt', wp_slash($picture['alt']));
    }
}

function put($asked) {
    foreach ($asked['posts'] as $post) {
        put_one($post);
    }
}

function put_one($post) {
    $known = get_post($post['id']);
    $row = array_intersect_key($post, array_flip(['post_type', 'post_title', 'post_name', 'post_content', 'post_excerpt', 'post_status', 'post_password', 'comment_status']));
    $row['kept'] = ['guid' => home_url("/?p={$post['id']}")];  // As of posts that were drafts first, which most were.
    $author = $post['author'] === null ? 0 : get_user_by('login', $post['author'])->ID;
    foreach (['post_date' => $post['date'], 'post_modified' => $post['modified']] as $name => $moment) {
        $row['kept'] += [$name => $moment, "{$name}_gmt" => get_gmt_from_date($moment)];
    }
    $row['kept'] += ['post_author' => $author, 'post_status' => $post['post_status']];
    $row = wp_slash($row + ['post_date' => $post['date'], 'post_author' => $author]);
    $id = $known ? wp_update_post($row + ['ID' => $post['id']], true) : wp_insert_post($row + ['import_id' => $post['id']], true);
    $id === $post['id'] or throw new Exception("post {$post['id']} was put in as " . print_r($id, true));
    if ($post['post_type'] === 'post') {
        $categories = array_map(fn($slug) => get_term_by('slug', $slug, 'category')->term_id, $post['categories']);
        wp_set_post_terms($id, $categories, 'category');
        wp_set_post_terms($id, $post['tags'], 'post_tag');
    }
    $post['picture'] ? set_post_thumbnail($id, $post['picture']) : delete_post_thumbnail($id);
    $post['sticky'] ? stick_post($id) : unstick_post($id);
    foreach ($known ? [] : $post['comments'] as $at => ['author' => $by, 'text' => $text]) {
        wp_insert_comment(wp_slash([
            'comment_post_ID' => $id, 'comment_author' => $by, 'comment_content' => $text, 'comment_approved' => 1,
            'comment_date' => get_date_from_gmt(get_gmt_from_date($post['date']) . ' +' . ($at + 1) . ' hours'),
        ]));
    }
}

function delete($asked) {
    wp_delete_post($asked['id'], true);
}

function theme($asked) {
    wp_get_theme($asked['name'])->exists() or throw new Exception("no theme {$asked['name']}");
    switch_theme($asked['name']);
}

function option($asked) {
    update_option($asked['name'], $asked['value']);
}

function addresses() {
    $found = get_posts(['post_type' => ['post', 'page'], 'post_status' => 'any', 'numberposts' => -1]);
    return array_combine(array_column($found, 'ID'), array_map('get_permalink', $found));
}

function tables() {
    global $wpdb;
    return $wpdb->get_col("SHOW TABLES LIKE 'wp\\_%'");
}

function keep() {
    global $wpdb;
    foreach (tables() as $table) {
        $wpdb->query("CREATE TABLE kept_$table LIKE $table");
        $wpdb->query("INSERT kept_$table SELECT * FROM $table");
    }
}

function restore() {
    global $wpdb;
    foreach (tables() as $table) {
        $wpdb->query("TRUNCATE $table");
        $wpdb->query("INSERT $table SELECT * FROM kept_$table");
    }
}

$commands = ['install', 'authors', 'categories', 'pictures', 'put', 'delete', 'theme', 'option', 'addresses', 'keep', 'restore'];
foreach ($changes as $asked) {
    in_array($asked['do'], $commands, true) or throw new Exception("no command {$asked['do']}");
    $given = $asked['do']($asked);
}
echo json_encode($given);

<?php
// Must-use plugin of the stand-in: no question leaves the machine, and WordPress misbehaves as X-Standin names it.

add_filter('pre_http_request', fn() => new WP_Error('offline', 'The stand-in asks nobody.'));

foreach (explode(' ', $_SERVER['HTTP_X_STANDIN'] ?? '') as $fault) {
    [$name, $value] = explode('=', $fault) + ['', ''];
    match ($name) {
        '' => null,
        'feed-excerpts' => add_filter('pre_option_rss_use_excerpt', fn() => '1'),
        'feed-footer' => standin_feed_footer(),
        'rest-log-in' => standin_rest_log_in(),
        'rest-gone' => standin_rest_gone(),
        'rest-cap' => standin_rest_cap((int) $value),
        'embed-author' => standin_embed_fails('users', 'rest_user_invalid_id', 'Invalid user ID.', $value),
        'embed-media' => standin_embed_fails('media', 'rest_post_invalid_id', 'Invalid post ID.', $value),
    };
}

// The line that the most common plugin for search engines puts under every story of a feed.
function standin_feed_footer() {
    $linked = fn($url, $text) => sprintf('<a rel="nofollow" href="%s">%s</a>', esc_url($url), $text);
    $line = fn() => '<p>The post ' . $linked(get_permalink(), get_the_title()) . ' appeared first on '
        . $linked(home_url(), get_bloginfo('name')) . '.</p>';
    add_filter('the_content_feed', fn($words) => $words . $line());
    add_filter('the_excerpt_rss', fn($words) => "<p>$words</p>" . $line());
}

// The words of the plugins that close the REST answers to readers.
function standin_rest_log_in() {
    $why = new WP_Error('rest_login_required', 'REST API restricted to authenticated users.', ['status' => 401]);
    add_filter('rest_authentication_errors', fn($given) => $given ?: $why);
}

function standin_rest_gone() {
    remove_action('wp_head', 'rest_output_link_wp_head', 10);
    remove_action('template_redirect', 'rest_output_link_header', 11);
    remove_action('parse_request', 'rest_api_loaded');
    add_action('parse_request', function ($wp) {
        if (isset($wp->query_vars['rest_route'])) {
            $wp->query_vars = ['error' => '404'];
        }
    });
}

function standin_rest_cap($most) {
    add_filter('rest_post_query', fn($asked) => ['posts_per_page' => min($most, $asked['posts_per_page'])] + $asked);
}

// value: the id of the user or picture that fails; empty for all.
function standin_embed_fails($kind, $code, $message, $value) {
    $route = "#^/wp/v2/$kind/" . ($value ?: '\d+') . '$#';
    $fails = fn($given, $handler, $request) => preg_match($route, $request->get_route())
        ? new WP_Error($code, $message, ['status' => 404]) : $given;
    add_filter('rest_request_before_callbacks', $fails, 10, 3);
}

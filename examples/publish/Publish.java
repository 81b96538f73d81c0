// java Publish.java /orders/42 '{"state":"paid"}'
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;

class Publish {
    static String publish(String topic, String data, int attempts) throws IOException, InterruptedException {
        String hub = System.getenv().getOrDefault("HUB", "http://127.0.0.1:3000/events/stream");
        String form = "private=on&topic=" + encoded(topic) + "&data=" + encoded(data);
        HttpRequest request = HttpRequest.newBuilder(URI.create(hub))
            .header("Authorization", "Bearer " + System.getenv("TOKEN"))
            .header("Idempotency-Key", '"' + UUID.randomUUID().toString() + '"') // Each attempt has the same: the hub publishes once.
            .header("Content-Type", "application/x-www-form-urlencoded")
            .timeout(Duration.ofSeconds(10))
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build();
        HttpClient client = HttpClient.newHttpClient();
        for (int attempt = 1; ; attempt++) {
            try {
                HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == 200) return answer.body();
                if (answer.statusCode() < 500 && answer.statusCode() != 429) throw new IllegalStateException(answer.body());
            } catch (IOException error) {
                if (attempt == attempts) throw error;
            }
            if (attempt == attempts) throw new IOException("The hub does not answer.");
            Thread.sleep(500L << attempt);
        }
    }

    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    public static void main(String[] args) throws Exception {
        System.out.println(publish(args[0], args[1], 5));
    }
}

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** Prints each event as it is heard: "MS DATA", in milliseconds since the request. Usage: Reader URL [gzip] */
class Reader {
  public static void main(String[] args) throws Exception {
    var client = HttpClient.newHttpClient();
    var url = URI.create(args[0]);
    // The first request of a process loads hundreds of classes: that is the start of the process.
    client.send(HttpRequest.newBuilder(url.resolve("/health")).build(), BodyHandlers.discarding());
    var request = HttpRequest.newBuilder(url);
    System.out.println("asks");
    long began = System.nanoTime();
    Stream<String> lines;
    if (args.length > 1) {
      var response = client.send(request.header("Accept-Encoding", "gzip").build(), BodyHandlers.ofInputStream());
      var isZipped = response.headers().firstValue("Content-Encoding").isPresent();
      var body = isZipped ? new GZIPInputStream(response.body()) : response.body();
      lines = new BufferedReader(new InputStreamReader(body)).lines();
    } else {
      lines = client.send(request.build(), BodyHandlers.ofLines()).body();
    }
    lines.filter(line -> line.startsWith("data: ")).forEach(line -> {
      System.out.println((System.nanoTime() - began) / 1_000_000 + " " + line.substring(6));
    });
  }
}

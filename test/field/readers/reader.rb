# Prints each event as it is heard: "MS DATA", in milliseconds since the request. Usage: reader.rb URL [ACCEPT-ENCODING]
require "net/http"

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

$stdout.sync = true
uri = URI(ARGV[0])
request = Net::HTTP::Get.new(uri)
# Without this, net/http asks for gzip by itself, and inflates.
request["Accept-Encoding"] = ARGV[1] if ARGV[1]
puts "asks"
began = now
Net::HTTP.start(uri.host, uri.port) do |http|
  http.request(request) do |response|
    text = +""
    response.read_body do |part|
      text << part
      while (line = text.slice!(/\A.*\n/))
        puts "#{((now - began) * 1000).round} #{line[6..].chomp}" if line.start_with?("data: ")
      end
    end
  end
end

# ruby publish.rb /orders/42 '{"state":"paid"}'
require "json"
require "net/http"
require "securerandom"

HUB = URI(ENV.fetch("HUB", "http://127.0.0.1:3000/events/stream"))

def publish(update, attempts: 5)
  # The same key for each attempt: the hub publishes once.
  headers = {
    "Authorization" => "Bearer #{ENV.fetch("TOKEN")}",
    "Idempotency-Key" => %("#{SecureRandom.uuid}"),
    "Content-Type" => "application/json",
  }
  1.upto(attempts) do |attempt|
    begin
      answer = Net::HTTP.post(HUB, JSON.generate(update), headers)
      return answer.body if answer.is_a?(Net::HTTPSuccess)
      abort answer.body if answer.code.to_i < 500 && answer.code != "429"
    rescue SystemCallError, IOError, Timeout::Error
      raise if attempt == attempts
    end
    sleep 0.5 * 2**attempt
  end
  abort "The hub does not answer."
end

puts publish({ topic: ARGV[0], data: ARGV[1], private: true })

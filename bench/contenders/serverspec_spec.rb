# The benchmark's checks as a serverspec user would write them; see 4-serverspec.mjs.

require 'json'
require 'net/ssh'
require 'serverspec'

host = ENV.fetch('NIXSPEC_BENCH_HOST')
set :backend, :ssh
set :host, host
set :ssh_options, Net::SSH::Config.for(host, [ENV.fetch('NIXSPEC_BENCH_SSH_CONFIG')])
set :disable_sudo, true

JSON.parse(File.read(ENV.fetch('NIXSPEC_BENCH_CHECKS'))).each do |check|
  subject, expected = check.values_at('subject', 'expected')
  case check.values_at('kind', 'property')
  when %w[unit active]
    describe(service(subject)) { it { expected ? (should be_running) : (should_not be_running) } }
  when %w[unit enabled]
    describe(service(subject)) { it { expected ? (should be_enabled) : (should_not be_enabled) } }
  when %w[port listening]
    describe(port(subject.split(':')[1].to_i)) { it { expected ? (should be_listening) : (should_not be_listening) } }
  when %w[file mode]
    describe(file(subject)) { it { should be_mode expected.sub(/\A0/, '') } }
  when %w[file owner]
    describe(file(subject)) { it { should be_owned_by expected } }
  when %w[user uid]
    describe(user(subject)) { it { should have_uid expected } }
  when %w[user shell]
    describe(user(subject)) { it { should have_login_shell expected } }
  when %w[group gid]
    describe(group(subject)) { it { should have_gid expected } }
  when %w[command exit-status]
    describe(command(subject)) { its(:exit_status) { should eq expected } }
  when %w[command stdout]
    describe(command(subject)) { its(:stdout) { should eq "#{expected}\n" } }
  when %w[http status]
    describe(command("curl -s -o /dev/null -w '%{http_code}' #{subject}")) { its(:stdout) { should eq expected.to_s } }
  when %w[sysctl value]
    describe(linux_kernel_parameter(subject)) { its(:value) { should eq(/\A-?\d+\z/.match?(expected) ? expected.to_i : expected) } }
  when %w[mount filesystem]
    describe(file(subject)) { it { should be_mounted.with(type: expected) } }
  else
    raise "no such check: #{check}"
  end
end

# Loaded in the place of a Vagrantfile, which it loads in turn, when vagrant is asked what that one
# defines: `vagrant status` does not say which machines a bare `vagrant up` leaves out.

module TwindeckDefines
  def define(name, options = nil, &block)
    $stdout.puts("0,#{name},autostart,false") if options && options[:autostart] == false
    super
  end
end

# Vagrant loads its own classes late: this block is the first to be run, when they are there.
Vagrant.configure("2") { |config| config.vm.class.prepend(TwindeckDefines) }

load(ENV.fetch("TWINDECK_VAGRANTFILE"))

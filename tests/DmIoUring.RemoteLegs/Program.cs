using DmIoUring.RemoteLegs;

// Usage: dmio-remote-legs [nbd] [nvme-tcp]. Root, in a machine of its own: it takes the first free device, and loads nothing.
// Exit codes: 0 every check passed; 1 one failed; 2 what was asked for is not offered here.
string[] wanted = args.Length > 0 ? args : ["nbd", "nvme-tcp"];
Checks checks = new();
foreach (string name in wanted)
{
    string? reason = name switch
    {
        "nbd" => NbdLeg.WhyUnavailable(),
        "nvme-tcp" => NvmeTcpLeg.WhyUnavailable(),
        _ => "it is unknown; there are nbd and nvme-tcp",
    };
    if (reason is not null)
    {
        checks.NotOffered(name, reason);
    }
    else if (string.Equals(name, "nbd", StringComparison.Ordinal))
    {
        NbdChecks.Run(checks);
        MirrorChecks.RunOnNbd(checks);
    }
    else
    {
        NvmeTcpChecks.Run(checks);
        MirrorChecks.RunOnNvmeTcp(checks);
    }
}

return checks.Close(isWanted: args.Length > 0);

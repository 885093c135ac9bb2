using System.Collections.Immutable;
using System.Globalization;
using DmIoUring.Telemetry;

namespace DmIoUring.TelemetryTests;

/// <summary>The names of devices in metrics, of which a collector keeps a series each.</summary>
public sealed class DeviceNamesTests
{
    [Fact]
    public void BeyondTheMost_DevicesAreCalledOther_AndKnownOnesKeepTheirName()
    {
        ImmutableHashSet<string> known = ImmutableHashSet.Create<string>(StringComparer.Ordinal);
        for (int i = 0; i < DeviceNames.Most; i++)
            Assert.Equal(NameOf(i), DeviceNames.Bounded(NameOf(i), ref known));
        Assert.Equal("_other", DeviceNames.Bounded("one more", ref known));
        Assert.Equal(NameOf(7), DeviceNames.Bounded(NameOf(7), ref known));
        Assert.Equal(DeviceNames.Most, known.Count);
    }

    private static string NameOf(int number) => "log." + number.ToString(CultureInfo.InvariantCulture);
}

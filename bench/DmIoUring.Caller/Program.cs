using System.Globalization;
using DmIoUring.Caller;

if (args is not [string path, string depth, string seconds, .. string[] rest] || rest is not ([] or ["wakeable"]))
{
    Console.Error.WriteLine("dmio-caller DEVICE DEPTH SECONDS [wakeable]");
    return 2;
}

using ReadLoad load = new(path, int.Parse(depth, CultureInfo.InvariantCulture), canBeWoken: rest.Length > 0);
load.RunFor(TimeSpan.FromSeconds(0.5));
long requests = load.Ended;
long enters = load.Enters;
Environment.ProcessCpuUsage before = Environment.CpuUsage;
TimeSpan took = load.RunFor(TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)));
Environment.ProcessCpuUsage after = Environment.CpuUsage;
TimeSpan user = after.UserTime - before.UserTime, system = after.PrivilegedTime - before.PrivilegedTime;
requests = load.Ended - requests;
string[] figures =
[
    Of(user + system), Of(took), requests.ToString(CultureInfo.InvariantCulture), Of(user), Of(system),
    ((double)requests / (load.Enters - enters)).ToString("0.00", CultureInfo.InvariantCulture),
];
Console.WriteLine(string.Join(' ', figures));
return 0;

string Of(TimeSpan time) => (time.TotalNanoseconds / requests).ToString("0.0", CultureInfo.InvariantCulture);

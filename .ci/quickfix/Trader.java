import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import quickfix.Application;
import quickfix.DefaultMessageFactory;
import quickfix.FieldNotFound;
import quickfix.FileStoreFactory;
import quickfix.Message;
import quickfix.ScreenLogFactory;
import quickfix.Session;
import quickfix.SessionID;
import quickfix.SessionSettings;
import quickfix.SocketInitiator;
import quickfix.field.MsgType;
import quickfix.field.PossDupFlag;

/** One QuickFIX/J initiator with one session, and all that it has received. */
final class Trader implements Application {
  /** Of what hangs: others load this machine too. */
  private static final long WAIT_MS = 60_000;
  final SessionID id;
  private final SocketInitiator initiator;
  private final String secret;
  private final List<Message> received = new ArrayList<>();
  /** Rejects that QuickFIX/J sent, because something was not as its dictionary says. */
  private final List<String> complaints = new ArrayList<>();
  private final List<String> logouts = new ArrayList<>();
  private int logons;

  Trader(int port, String key, String secret, Path folder, boolean resets) throws Exception {
    this.secret = secret;
    id = new SessionID("FIX.4.4", key, "PLIMSOLL");
    SessionSettings settings = new SessionSettings();
    settings.setString("ConnectionType", "initiator");
    settings.setString("SocketConnectHost", "127.0.0.1");
    settings.setString("SocketConnectPort", Integer.toString(port));
    settings.setString("StartTime", "00:00:00");
    settings.setString("EndTime", "00:00:00");
    settings.setString("NonStopSession", "Y");
    settings.setString("HeartBtInt", "2");
    settings.setString("ReconnectInterval", "1");
    // An answer may take its time where others load the machine too.
    settings.setString("LogonTimeout", "30");
    settings.setString("LogoutTimeout", "30");
    settings.setString("UseDataDictionary", "Y");
    settings.setString("DataDictionary", "FIX44.xml");
    settings.setString("ValidateUserDefinedFields", "Y");
    settings.setString("FileStorePath", folder.toString());
    settings.setString("ResetOnLogon", resets ? "Y" : "N");
    settings.setString(id, "BeginString", "FIX.4.4");
    settings.setString(id, "SenderCompID", key);
    settings.setString(id, "TargetCompID", "PLIMSOLL");
    boolean shows = System.getenv("PLIMSOLL_FIX_LOG") != null;
    initiator = new SocketInitiator(this, new FileStoreFactory(settings), settings,
        new ScreenLogFactory(shows, shows, shows), new DefaultMessageFactory());
  }

  void start() throws Exception {
    initiator.start();
  }

  void stop() {
    initiator.stop();
  }

  Session session() {
    return Session.lookupSession(id);
  }

  void send(Message message) throws Exception {
    Session.sendToTarget(message, id);
  }

  synchronized int count() {
    return received.size();
  }

  synchronized int logons() {
    return logons;
  }

  synchronized List<String> complaints() {
    return new ArrayList<>(complaints);
  }

  synchronized List<String> logouts() {
    return new ArrayList<>(logouts);
  }

  synchronized List<Message> all(Predicate<Message> fits) {
    return received.stream().filter(fits).toList();
  }

  /** The first message from this place on that fits; null when none comes. */
  Message await(int from, Predicate<Message> fits) throws InterruptedException {
    long end = System.currentTimeMillis() + WAIT_MS;
    while (System.currentTimeMillis() < end) {
      synchronized (this) {
        for (int i = from; i < received.size(); i++) if (fits.test(received.get(i))) return received.get(i);
        wait(50);
      }
    }
    return null;
  }

  boolean awaitLogons(int number) throws InterruptedException {
    return until(() -> logons() >= number);
  }

  /** A logout that says this. */
  boolean awaitLogout(String text) throws InterruptedException {
    return until(() -> logouts().stream().anyMatch(said -> said.contains(text)));
  }

  static boolean until(BooleanSupplier condition) throws InterruptedException {
    long end = System.currentTimeMillis() + WAIT_MS;
    while (!condition.getAsBoolean() && System.currentTimeMillis() < end) Thread.sleep(20);
    return condition.getAsBoolean();
  }

  static String type(Message message) {
    try {
      return message.getHeader().getString(MsgType.FIELD);
    } catch (FieldNotFound missing) {
      return "";
    }
  }

  static boolean isAgain(Message message) {
    try {
      return message.getHeader().isSetField(PossDupFlag.FIELD)
          && message.getHeader().getBoolean(PossDupFlag.FIELD);
    } catch (FieldNotFound missing) {
      return false;
    }
  }

  @Override
  public void onCreate(SessionID session) {}

  @Override
  public synchronized void onLogon(SessionID session) {
    logons++;
  }

  @Override
  public void onLogout(SessionID session) {}

  @Override
  public void toAdmin(Message message, SessionID session) {
    if (type(message).equals("A")) {
      message.setString(553, session.getSenderCompID());
      message.setString(554, secret);
    } else if (type(message).equals("3")) {
      synchronized (this) {
        complaints.add(message.toString());
      }
    }
  }

  @Override
  public synchronized void fromAdmin(Message message, SessionID session) {
    if (type(message).equals("5")) logouts.add(message.toString());
    if (type(message).equals("3")) received.add(message);
    notifyAll();
  }

  @Override
  public void toApp(Message message, SessionID session) {
    if (type(message).equals("j")) {
      synchronized (this) {
        complaints.add(message.toString());
      }
    }
  }

  @Override
  public synchronized void fromApp(Message message, SessionID session) {
    received.add(message);
    notifyAll();
  }
}

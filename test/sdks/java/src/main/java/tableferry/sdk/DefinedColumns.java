package tableferry.sdk;

import static tableferry.sdk.Harness.*;
import static tableferry.sdk.Ots.*;

import com.alicloud.openservices.tablestore.model.*;
import java.util.List;

/** Defined columns: added to a table that is there, enforced, deleted again. */
final class DefinedColumns {
  static void run() {
    test("defined columns: added, enforced, and deleted again", DefinedColumns::addEnforceDelete);
  }

  private static void addEnforceDelete() throws Exception {
    table("defining");
    AddDefinedColumnRequest add = new AddDefinedColumnRequest();
    add.setTableName("defining");
    add.addDefinedColumn("c", DefinedColumnType.INTEGER);
    CLIENT.addDefinedColumn(add);
    List<DefinedColumnSchema> defined = CLIENT.describeTable(new DescribeTableRequest("defining")).getTableMeta().getDefinedColumnsList();
    expect(defined.size() + " " + defined.get(0).getName() + " " + defined.get(0).getType(), "1 c INTEGER");
    String text = "Invalid column type for column c expect VT_INTEGER actual VT_STRING";
    refused("OTSParameterInvalid", text, () -> put("defining", "a", "c", "text"));
    DeleteDefinedColumnRequest delete = new DeleteDefinedColumnRequest();
    delete.setTableName("defining");
    delete.addDefinedColumn("c");
    CLIENT.deleteDefinedColumn(delete);
    expect(CLIENT.describeTable(new DescribeTableRequest("defining")).getTableMeta().getDefinedColumnsList(), List.of());
    put("defining", "a", "c", "text");
  }

  private DefinedColumns() {}
}
